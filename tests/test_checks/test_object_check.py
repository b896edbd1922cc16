"""Boxes and tracks that cannot be right, against loops."""
import numpy as np

from ipmot_mm.checks.object_check import (JUMP_SIDES, check_boxes,
                                          check_tracks, jumped, outside)
from ipmot_mm.checks.problems import ProblemLog
from ipmot_mm.checks.row_salvage import annotations_of


def run(check, rows, *args):
    log = ProblemLog('a')
    counts = check(annotations_of(rows), *args, log)
    return counts, {problem.kind: problem for problem in log.kept}


def test_boxes_of_every_kind():
    rows = [
        [1, 1, 10, 10, 20, 40],
        [1, 2, -5, 10, 20, 40],  # partly outside
        [1, 3, 200, 10, 20, 40],  # outside, right
        [1, 4, 10, -50, 20, 40],  # outside, above
        [1, 5, 10, 10, 2, 40],  # tiny
        [1, 6, 10, 10, 5, 51],  # a sliver
        [1, 7, 80, 50, 21, 51],  # one pixel over: counted from 1
    ]
    counts, found = run(check_boxes, rows, (100, 100))
    assert counts == dict(
        partly_outside=1, fully_outside=2, tiny=1, absurd_shape=1)
    assert found['boxes outside of the image'].is_error
    assert 'frame 1 id 3 (200, 10, 220, 50)' in found[
        'boxes outside of the image'].message
    assert not found['tiny boxes'].is_error
    assert 'id 6' in found['absurd boxes'].message


def test_no_boxes_and_no_size():
    zero = dict(partly_outside=0, fully_outside=0, tiny=0, absurd_shape=0)
    assert run(check_boxes, [], (100, 100)) == (zero, {})
    assert run(check_boxes, [[1, 1, -500, 0, 20, 20]], None) == (zero, {})
    assert run(check_tracks, []) == (dict(
        num_tracks=0, one_frame_tracks=0, gaps=0, longest_gap=0, jumps=0), {})


def test_outside_agrees_with_pixels():
    rng = np.random.default_rng(0)
    corners = rng.integers(-30, 60, (200, 2))
    bboxes = np.concatenate([corners, corners + rng.integers(1, 30, (200, 2))],
                            1).astype(np.float32)
    fully, partly = outside(bboxes, (40, 30))
    for bbox, all_out, some_out in zip(bboxes, fully, partly):
        x1, y1, x2, y2 = bbox.astype(int)
        pixels = [(x, y) for x in range(x1, x2) for y in range(y1, y2)]
        seen = [0 <= x < 40 and 0 <= y < 30 for x, y in pixels]
        assert all_out == (not any(seen))
        if some_out:
            assert any(seen) and not all(seen)


def test_jumps_agree_with_a_loop():
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 200, (300, 2, 2))
    sides = rng.uniform(5, 40, (300, 2, 2))
    before, after = np.concatenate([corners, corners + sides],
                                   2).transpose(1, 0, 2)
    expected = []
    for a, b in zip(before, after):
        touch = (min(a[2], b[2]) > max(a[0], b[0])
                 and min(a[3], b[3]) > max(a[1], b[1]))
        way = np.linalg.norm((a[:2] + a[2:]) / 2 - (b[:2] + b[2:]) / 2)
        side = max(a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1])
        expected.append(not touch and way > JUMP_SIDES * side)
    assert 0 < sum(expected) < 300
    assert jumped(before, after).tolist() == expected


def test_tracks():
    walk = [[frame, 1, 10. + frame, 10, 10, 20] for frame in range(1, 9)]
    gaps = [[frame, 2, 50, 50, 10, 20] for frame in (1, 2, 5, 6, 8)]
    once = [[3, 9, 90, 90, 10, 20]]
    away = [[4, 3, 10, 90, 10, 20], [5, 3, 190, 90, 10, 20],
            [7, 3, 10, 90, 10, 20]]  # the second time after a gap
    counts, found = run(check_tracks, walk + gaps + once + away)
    assert counts == dict(
        num_tracks=4, one_frame_tracks=1, gaps=3, longest_gap=2, jumps=1)
    assert 'ids 9' in found['tracks of one frame'].message
    assert 'id 3 after frame 4' in found['id jumps'].message
    assert not found['id jumps'].is_error
