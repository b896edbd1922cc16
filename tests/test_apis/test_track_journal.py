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
    # and again behind frames that it has tracked twice
    journal = TrackJournal(tmp_path / 'killed', resume=True)
    assert_same(run(model, folder, journal, stop=6), expected[:6])
    journal = TrackJournal(tmp_path / 'killed', resume=True)
    assert_same(run(model, folder, journal), expected)
    assert numbers == list(range(4, LENGTH))
    journal.remove()
    assert not (tmp_path / 'killed').exists()


def test_a_state_without_its_tracks_is_not_saved(model, folder, tmp_path,
                                                 monkeypatch):
    expected = run(model, folder)
    update = FrameTracker.update_clip

    def interrupted(self, frames):
        found = update(self, frames)
        if self.num_frames == 6:
            raise KeyboardInterrupt
        return found

    with monkeypatch.context() as patch:
        patch.setattr(FrameTracker, 'update_clip', interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(model, folder, TrackJournal(tmp_path / 'j', save_every=4))
    journal = TrackJournal(tmp_path / 'j', resume=True)
    assert journal.num_frames == 4
    assert_same(run(model, folder, journal), expected)


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


def test_a_journal_can_be_used_again(model, folder, tmp_path):
    journal = TrackJournal(tmp_path / 'j')
    expected = run(model, folder, journal)
    run(model, folder, journal, stop=4)
    assert journal.num_frames == 4
    journal = TrackJournal(tmp_path / 'j', resume=True)
    assert_same(run(model, folder, journal), expected)


def test_an_error_of_the_first_frame_can_be_repaired(model, folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / 'video')
    whole = (copy / '000.png').read_bytes()
    (copy / '000.png').write_bytes(b'broken')
    with pytest.raises(ValueError, match='000.png" .* does not decode'):
        run(model, copy, TrackJournal(tmp_path / 'j'))
    (copy / '000.png').write_bytes(whole)
    journal = TrackJournal(tmp_path / 'j', resume=True)
    assert_same(run(model, copy, journal), run(model, folder))


def test_another_video_or_pipeline_is_refused(folder, tmp_path):
    """Folders of frames are often named alike, and of one length."""
    model = random_tracker()
    videos = [tmp_path / name / 'img1' for name in ('a', 'b')]
    for start, video in enumerate(videos):
        video.mkdir(parents=True)
        for t, frame in enumerate(stream(start, LENGTH)):
            cv2.imwrite(str(video / f'{t:03d}.png'), frame)
    run(model, videos[0], TrackJournal(tmp_path / 'j'), stop=3)
    with pytest.raises(ValueError, match='a run with another input; give'):
        run(model, videos[1], TrackJournal(tmp_path / 'j', resume=True))
    model.cfg.test_pipeline.insert(
        1, dict(type='ClipResize', short_size=24, max_long=32))
    with pytest.raises(ValueError, match='a run with another config; give'):
        run(model, videos[0], TrackJournal(tmp_path / 'j', resume=True))
    model.cfg.test_pipeline.pop(1)
    moved = videos[0].rename(tmp_path / 'moved')
    journal = TrackJournal(tmp_path / 'j', resume=True)
    assert_same(run(model, moved, journal), run(model, moved))


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
    (tmp_path / 'j' / 'tracks.jsonl').unlink()
    with pytest.raises(ValueError, match='holds 0 frames, its state says 3'):
        resume(model, folder)
    torch.save({}, tmp_path / 'j' / 'state.pth')
    with pytest.raises(ValueError, match='state.pth cannot be read'):
        TrackJournal(tmp_path / 'j', resume=True)
    (tmp_path / 'j' / 'state.pth').write_text('no state')
    with pytest.raises(ValueError, match='state.pth cannot be read'):
        TrackJournal(tmp_path / 'j', resume=True)
    with pytest.raises(ValueError, match='save_every must be 1 .* got 0'):
        TrackJournal(tmp_path / 'j', save_every=0)
