"""Look-ahead and several videos give the tracks of one by one."""
import cv2
import numpy as np
import pytest
from stream_samples import random_tracker, stream

from ipmot_mm.apis import FrameTracker, track_clips, track_video, track_videos

LENGTHS = (7, 4, 5)
SIZES = ((64, 48), (64, 48), (48, 32))


@pytest.fixture(scope='module')
def model():
    return random_tracker()


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    """Three videos of noise, the last of another frame size."""
    folders = []
    for number, (length, size) in enumerate(zip(LENGTHS, SIZES)):
        folders.append(tmp_path_factory.mktemp(f'video{number}'))
        for t, frame in enumerate(stream(number, length, size)):
            cv2.imwrite(str(folders[-1] / f'{t:03d}.png'), frame)
    return folders


@pytest.fixture(scope='module')
def alone(model, folders):
    found = [[tracks for _, tracks in track_video(FrameTracker(model), each)]
             for each in folders]
    for video in found:
        ids = [set(tracks.instances_id.tolist()) for tracks in video]
        assert set.union(*ids) > ids[0] and ids[0] & ids[1]
    return found


def compare(found, expected):
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected):
        assert ours.instances_id.tolist() == theirs.instances_id.tolist()
        np.testing.assert_allclose(ours.bboxes, theirs.bboxes, atol=1e-4)
        np.testing.assert_allclose(ours.scores, theirs.scores, atol=1e-5)


@pytest.mark.parametrize('look_ahead', [2, 3, 100])
def test_look_ahead_does_not_change_the_tracks(model, folders, alone,
                                               look_ahead):
    tracker = FrameTracker(model)
    pairs = list(track_video(tracker, folders[0], look_ahead))
    assert tracker.num_frames == LENGTHS[0]
    for (frame, _), expected in zip(pairs, stream(0)):
        assert np.array_equal(frame, expected)
    compare([tracks for _, tracks in pairs], alone[0])


@pytest.mark.parametrize('look_ahead', [1, 2])
def test_videos_side_by_side_do_not_change_the_tracks(model, folders, alone,
                                                      look_ahead, monkeypatch):
    """Of several lengths and sizes; those of one size share a forward."""
    sizes = []
    predict = model.predict
    monkeypatch.setattr(
        model, 'predict', lambda inputs, *args, **kwargs:
        sizes.append(tuple(inputs.shape[:2])) or predict(
            inputs, *args, **kwargs))
    found = [[], [], []]
    for video, frame, tracks in track_videos(model, folders, look_ahead):
        assert frame.shape[1::-1] == SIZES[video]
        found[video].append(tracks)
    for ours, theirs in zip(found, alone):
        compare(ours, theirs)
    assert sizes.count((2, look_ahead)) == 4 // look_ahead
    assert sum(n * t for n, t in sizes) == sum(LENGTHS)


@pytest.mark.parametrize('look_ahead', [0, -1, 1.5, None])
def test_look_ahead_is_checked(model, folders, look_ahead):
    with pytest.raises(ValueError, match='look_ahead must be a positive'):
        list(track_video(FrameTracker(model), folders[0], look_ahead))
    with pytest.raises(ValueError, match='look_ahead must be a positive'):
        list(track_videos(model, folders, look_ahead))


def test_clips_that_do_not_fit_together_are_refused(model):
    trackers = [FrameTracker(model), FrameTracker(model)]
    clips = [list(stream(0, 2)), list(stream(1, 1))]
    for ours, theirs in ((trackers, clips), (trackers[:1], [[]]),
                         (trackers, clips[:1])):
        with pytest.raises(ValueError, match='need one model and a clip of '
                           r'the same length each, got 1 models, . trackers '):
            track_clips(ours, theirs)
    assert trackers[0].num_frames == 0 and trackers[0].state.tracks is None
    clips = [list(stream(0, 2)), list(stream(1, 2, (48, 32)))]
    with pytest.raises(ValueError, match='must have one size'):
        track_clips(trackers, clips)


def test_no_video_gives_nothing(model):
    assert list(track_videos(model, [])) == []
