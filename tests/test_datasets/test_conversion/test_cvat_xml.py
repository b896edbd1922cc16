"""Tracks of CVAT, filled between their key frames."""
import numpy as np
import pytest

from ipmot_mm.datasets.conversion.cvat_xml import (CvatBox, CvatTracks,
                                                   read_cvat_tracks)


def make_tracks(*boxes):
    return CvatTracks('a.xml', ('dog', ), ((4, 'dog', list(boxes)), ), 0, 1,
                      None)


def make_box(place, *corners, outside=False):
    return CvatBox(place, np.array(corners, float), outside, 1.0, 0.5)


def test_boxes_between_key_frames_are_linear():
    tracks = make_tracks(
        make_box(2, 0, 0, 8, 4), make_box(6, 4, 8, 20, 4),
        make_box(7, 0, 0, 1, 1, outside=True), make_box(9, 5, 5, 6, 7))
    rows = tracks.to_rows(11, dict(dog=3))
    part = np.arange(5)[:, None] / 4
    expected = np.concatenate([
        (1 - part) * [0, 0, 8, 4] + part * [4, 8, 16, -4],
        [[5, 5, 1, 2]] * 2  # the last one stays
    ])
    np.testing.assert_allclose(rows[:, 2:6], expected)
    assert rows[:, 0].tolist() == [3, 4, 5, 6, 7, 10, 11]
    assert rows[:, [1, 6, 7, 8]].tolist() == [[4, 1, 3, 0.5]] * 7


def test_frames_must_be_all_of_the_task():
    tracks = make_tracks(make_box(0, 1, 1, 2, 2), make_box(3, 1, 1, 2, 2))
    with pytest.raises(ValueError, match='track 4: it is in frame 3 .* of 3'):
        tracks.to_rows(3, dict(dog=1))
    assert len(tracks.to_rows(4, dict(dog=1))) == 4
    gone = make_tracks(
        make_box(1, 1, 1, 2, 2), make_box(3, 1, 1, 2, 2, outside=True))
    assert len(gone.to_rows(3, dict(dog=1))) == 2


def read(path, track_id='1', frame='14', corners='1 1 9 9'):
    """One box in a task whose frames are 10, 12, 14 and so on."""
    values = dict(zip(('xtl', 'ytl', 'xbr', 'ybr'), corners.split()))
    box = ' '.join(f'{key}="{value}"' for key, value in values.items())
    path.write_text(
        '<annotations><meta><task><start_frame>10</start_frame>'
        '<frame_filter>step=2</frame_filter></task></meta>'
        f'<track id="{track_id}" label="dog"><box frame="{frame}" {box}/>'
        '</track></annotations>')
    return read_cvat_tracks(path)


def test_frames_are_counted_in_steps(tmp_path):
    tracks = read(tmp_path / 'a.xml', track_id='9' * 15)
    (number, label, (box, )), = tracks.tracks
    assert (number, label, box.place) == (10**15 - 1, 'dog', 2)
    assert tracks.labels == ('dog', ) and tracks.num_frames is None


@pytest.mark.parametrize('kwargs, message', [
    (dict(frame='13'), 'track 1: .* a frame from 10 in steps of 2'),
    (dict(frame='8'), 'track 1: .* a frame from 10 in steps of 2'),
    (dict(corners='1 1 1 9'), 'track 1: .* an upright box with an area'),
    (dict(corners='1 9 9 9'), 'track 1: .* an upright box with an area'),
    (dict(track_id='1' + '0' * 15), 'expected a whole number as id'),
    (dict(track_id='x'), 'expected a whole number as id'),
])
def test_bad_attributes_are_named(kwargs, message, tmp_path):
    with pytest.raises(ValueError, match=f'a.xml".*{message}'):
        read(tmp_path / 'a.xml', **kwargs)
