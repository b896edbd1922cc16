"""Frames in, tracks in original pixels out."""
import numpy as np
import pytest

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


def test_bad_frames_and_pipelines_are_named(cfg):
    tracker = FrameTracker(init_tracker(cfg))
    for frame in (None, np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)),
                  np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match='must be a BGR uint8 array'):
            tracker.update(frame)
    cfg.test_dataloader.dataset.pipeline.pop()
    with pytest.raises(ValueError, match='last step must be PackClipInputs'):
        FrameTracker(init_tracker(cfg)).update(spot_frame(9, 9))
    cfg.test_dataloader.dataset.pop('pipeline')
    with pytest.raises(ValueError, match='has no test pipeline'):
        FrameTracker(init_tracker(cfg))
