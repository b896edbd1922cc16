"""A run that was broken off goes on as if it had not been."""
import shutil

import cv2
import numpy as np
import pytest
import torch
from stream_samples import random_tracker, stream

from ipmot_mm.apis import FrameTracker, TrackJournal, track_video

LENGTH = 11


@pytest.fixture(scope='module')
def model():
    return random_tracker()


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('video')
    for t, frame in enumerate(stream(0, LENGTH)):
        cv2.imwrite(str(folder / f'{t:03d}.png'), frame)
    return folder


def run(model, folder, journal=None, look_ahead=1, stop=None):
    """Frames and tracks, of the first ``stop`` frames."""
    pairs = track_video(FrameTracker(model), folder, look_ahead, journal)
    found = []
    for frame, tracks in pairs:
        found.append((frame, tracks))
        if len(found) == stop:
            break
    pairs.close()
    return found


def assert_same(found, expected):
    assert len(found) == len(expected)
    for (frame, ours), (image, theirs) in zip(found, expected):
        assert np.array_equal(frame, image)
        for key in ('bboxes', 'scores', 'labels', 'instances_id'):
            assert torch.equal(ours[key], theirs[key])


def count_calls(model, monkeypatch):
    """Frames that the model is given, in a list that grows."""
    numbers, predict = [], model.predict

    def counting(inputs, data_samples, state=None, **kwargs):
        numbers.extend(frame.frame_id
                       for frame in data_samples[0].video_data_samples)
        return predict(inputs, data_samples, state=state, **kwargs)

    monkeypatch.setattr(model, 'predict', counting)
    return numbers


@pytest.mark.parametrize('look_ahead', [1, 3])
@pytest.mark.parametrize('stop', [1, 4, 6, LENGTH])
def test_a_stopped_run_goes_on(model, folder, tmp_path, stop, look_ahead,
                               monkeypatch):
    expected = run(model, folder, look_ahead=look_ahead)
    ids = [set(tracks.instances_id.tolist()) for _, tracks in expected]
    assert set.union(*ids) > ids[0]
    journal = TrackJournal(tmp_path / 'j', save_every=100)
    assert_same(
        run(model, folder, journal, look_ahead, stop), expected[:stop])
    numbers = count_calls(model, monkeypatch)
    journal = TrackJournal(tmp_path / 'j', save_every=100, resume=True)
    # of frames encoded together all are tracked
    known = min(-(-stop // look_ahead) * look_ahead, LENGTH)
    assert journal.num_frames == known
    assert_same(run(model, folder, journal, look_ahead), expected)
    assert numbers == list(range(known, LENGTH))


def test_a_killed_run_goes_on_from_the_last_state(model, folder, tmp_path,
                                                  monkeypatch):
    expected = run(model, folder)
    journal = TrackJournal(tmp_path / 'j', save_every=4)
    pairs = track_video(FrameTracker(model), folder, 1, journal)
    for _ in range(7):
        next(pairs)
    journal._file.write('{"frame": 8, "tra')  # in the middle of a line
    journal._file.flush()
    shutil.copytree(tmp_path / 'j', tmp_path / 'killed')
    numbers = count_calls(model, monkeypatch)
    for _ in range(2):  # it may be killed again
        journal = TrackJournal(
            tmp_path / 'killed', save_every=4, resume=True)
        assert journal.num_frames == 4
        assert_same(run(model, folder, journal, stop=3), expected[:3])
    assert numbers == []
    journal = TrackJournal(tmp_path / 'killed', resume=True)
    assert_same(run(model, folder, journal), expected)
    assert numbers == list(range(4, LENGTH))
    journal.remove()
    assert not (tmp_path / 'killed').exists()


def test_state_survives_the_error_of_a_frame(model, folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / 'video')
    whole = (copy / '005.png').read_bytes()
    (copy / '005.png').write_bytes(b'broken')
    with pytest.raises(ValueError, match='005.png" .* does not decode'):
        run(model, copy, TrackJournal(tmp_path / 'j'))
    (copy / '005.png').write_bytes(whole)
    journal = TrackJournal(tmp_path / 'j', resume=True)
    assert journal.num_frames == 5
    assert_same(run(model, copy, journal), run(model, folder))


def test_without_resume_it_begins_anew(model, folder, tmp_path):
    assert TrackJournal(tmp_path / 'j', resume=True).num_frames == 0
    run(model, folder, TrackJournal(tmp_path / 'j'), stop=6)
    journal = TrackJournal(tmp_path / 'j')
    assert journal.num_frames == 0
    assert_same(run(model, folder, journal), run(model, folder))


def test_another_run_is_refused(model, folder, tmp_path):
    run(model, folder, TrackJournal(tmp_path / 'j'), stop=3)

    def resume(*args, **kwargs):
        journal = TrackJournal(tmp_path / 'j', resume=True)
        return run(*args, journal=journal, **kwargs)

    with pytest.raises(ValueError, match='a run with another look_ahead; '):
        resume(model, folder, look_ahead=2)
    other = random_tracker()
    other.detector.bbox_head.cls_branches[0].bias.data += 1
    with pytest.raises(ValueError, match='a run with another weights; give'):
        resume(other, folder)
    short = shutil.copytree(folder, tmp_path / 'short')
    (short / '010.png').unlink()
    with pytest.raises(ValueError, match='a run with another input; give'):
        resume(model, short)
    (tmp_path / 'j' / 'tracks.jsonl').write_text('')
    with pytest.raises(ValueError, match='holds 0 frames, its state says 3'):
        resume(model, folder)
    (tmp_path / 'j' / 'state.pth').write_text('no state')
    with pytest.raises(ValueError, match='state.pth cannot be read'):
        TrackJournal(tmp_path / 'j', resume=True)
    with pytest.raises(ValueError, match='save_every must be 1 .* got 0'):
        TrackJournal(tmp_path / 'j', save_every=0)
