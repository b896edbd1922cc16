"""Frames in, tracks in original pixels out."""
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from stream_samples import NUM_FRAMES, random_tracker, stream, to_lists

from ipmot_mm.apis import FrameTracker, init_tracker, track_video
from ipmot_mm.testing.synthetic import write_tiny_mot


def spot_frame(x: int, y: int, size=(160, 64)) -> np.ndarray:
    """Black with one white block of 2 x 2 pixels."""
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    frame[y:y + 2, x:x + 2] = 255
    return frame


def test_boxes_are_in_pixels_of_the_frame_given(cfg):
    tracker = FrameTracker(init_tracker(cfg))
    for x, y in ((10, 20), (150, 50)):
        tracks = tracker.update(spot_frame(x, y))
        np.testing.assert_allclose(
            tracks.bboxes.numpy(), [[x, y, x + 2, y + 2]], atol=0.01)
        assert set(tracks.keys()) == {
            'bboxes', 'scores', 'labels', 'instances_id'
        }


def test_state_lasts_until_reset_and_video_starts_anew(cfg, tmp_path):
    tracker = FrameTracker(init_tracker(cfg))
    ids = [tracker.update(spot_frame(9, 9)).instances_id.item()
           for _ in range(3)]
    tracker.reset()
    ids.append(tracker.update(spot_frame(9, 9)).instances_id.item())
    assert ids == [1, 1, 1, 2]
    folder = write_tiny_mot(tmp_path, num_sequences=1) / 'Tiny-01'
    found = list(track_video(tracker, folder))
    assert [tracks.instances_id.item() for _, tracks in found] == [3] * 6
    assert found[0][0].shape == (64, 96, 3)


@pytest.mark.parametrize('place', ['concat', 'test_pipeline', 'scoped'])
def test_pipeline_is_found_and_loading_is_skipped(cfg, place):
    dataset = cfg.test_dataloader.dataset
    if place == 'concat':
        cfg.test_dataloader.dataset = dict(type='X', datasets=[dataset])
    elif place == 'test_pipeline':
        cfg.test_pipeline = dataset.pipeline
        cfg.pop('test_dataloader')
    else:
        dataset.pipeline[0].type = 'ipmot_mm.LoadClipImages'
    tracks = FrameTracker(init_tracker(cfg)).update(spot_frame(9, 9))
    assert len(tracks) == 1


def test_frames_of_all_kinds_give_the_same_tracks(tmp_path):
    """The model tells the channels apart, and so do the tracks."""
    model = random_tracker()
    frames = list(stream(0))
    expected = [to_lists(found)
                for found in FrameTracker(model).update_clip(frames)]
    flipped = [frame[..., ::-1] for frame in frames]
    for number, frame in enumerate(frames):
        cv2.imwrite(str(tmp_path / f'{number}.png'), frame)
    paths = [str(tmp_path / f'{number}.png') for number in range(len(frames))]
    tensors = [torch.tensor(frame.copy()).permute(2, 0, 1)
               for frame in flipped]
    for rgb, clip in ((True, flipped), (True, tensors), (False, paths),
                      (True, list(map(Path, paths)))):
        tracker = FrameTracker(model, rgb=rgb)
        assert [to_lists(found)
                for found in tracker.update_clip(clip)] == expected
    found = FrameTracker(model).update_clip(flipped)
    assert list(map(to_lists, found)) != expected


def test_a_saved_state_goes_on_in_another_process(tmp_path):
    model = random_tracker()
    straight = FrameTracker(model)
    expected = [to_lists(straight.update(frame)) for frame in stream(0)]
    tracker = FrameTracker(model)
    found = []
    for frame in stream(0):
        torch.save(tracker.state_dict(), tmp_path / 'state.pth')
        tracker = FrameTracker(model)
        tracker.load_state_dict(
            torch.load(tmp_path / 'state.pth', weights_only=True))
        found.append(to_lists(tracker.update(frame)))
    assert found == expected and tracker.num_frames == NUM_FRAMES


def test_pipelines_are_built_in_the_scope_of_their_config(cfg):
    model = init_tracker(cfg)
    with DefaultScope.overwrite_default_scope('mmdet'):
        assert len(FrameTracker(model).update(spot_frame(9, 9))) == 1


def test_bad_frames_and_pipelines_are_named(cfg):
    tracker = FrameTracker(init_tracker(cfg))
    for frame in (None, np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)),
                  np.zeros((0, 4, 3), np.uint8), torch.zeros(4, 4, 3).byte()):
        with pytest.raises(ValueError, match='a frame must be a uint8 array'):
            tracker.update(frame)
    cfg.test_dataloader.dataset.pipeline.pop()
    with pytest.raises(ValueError, match='last step must be PackClipInputs'):
        FrameTracker(init_tracker(cfg)).update(spot_frame(9, 9))
    cfg.test_dataloader.dataset.pipeline.append(
        dict(type='ipmot_mm.FromMMTrackSample'))
    with pytest.raises(ValueError, match='pipeline of mmtrack, which takes '
                       'frames of its data sets alone; give the weights to'):
        FrameTracker(init_tracker(cfg))
    cfg.test_dataloader.dataset.pop('pipeline')
    with pytest.raises(ValueError, match='has no test pipeline'):
        FrameTracker(init_tracker(cfg))
