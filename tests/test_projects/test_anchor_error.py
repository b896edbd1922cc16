"""What an anchor is compared with is the box of the next frame."""
import numpy as np
import pytest

from ipmot_mm.user_errors import CommandError
from projects.motion_queries.anchor_error import follow, read_trajectories

SIZE = (20, 40)


def test_who_comes_back_is_another_trajectory(tmp_path):
    path = tmp_path / 'a' / 'gt' / 'gt.txt'
    path.parent.mkdir(parents=True)
    path.write_text(''.join(
        f'{frame},{ident},{10 * frame},5,{SIZE[0]},{SIZE[1]},1,1,1\n'
        for ident, frames in ((7, (1, 2, 5, 6, 7)), (3, (2, 3)))
        for frame in frames))
    found = read_trajectories(str(tmp_path))
    centres = [boxes[:, 0].tolist() for boxes in found]
    assert centres == [[30, 40], [20, 30], [60, 70, 80]]
    assert all((boxes[:, 1:] == (25, *SIZE)).all() for boxes in found)
    with pytest.raises(CommandError, match='no box in .*; give the folder'):
        read_trajectories(str(tmp_path / 'a'))


def test_a_steady_target_is_met_when_errors_correct_all_of_the_speed():
    boxes = np.array([(100 + 6 * t, 50, *SIZE) for t in range(6)], float)
    found = list(follow(boxes, np.random.default_rng(0), np.ones(4), 0.9,
                        noise=0.0, loss=0.0))
    # at rest at first, 6 of 20 pixels away: 14 / 26
    assert [value for _, value in found] == pytest.approx(
        [14 / 26, 1, 1, 1, 1])
    assert all(is_seen for is_seen, _ in found)
