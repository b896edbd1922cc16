"""How well an anchor foretells the next box, on ground truth with noise.

Example:
    PYTHONPATH=. python projects/motion_queries/anchor_error.py \
        data/synthmot/street/val --gain 0 0.2 1
"""
import argparse
import sys
from pathlib import Path
from typing import Iterator, List, Tuple

import numpy as np
from mmengine.logging import print_log
from numpy import ndarray

from ipmot_mm.user_errors import CommandError, run_tool

LONGEST_LOSS = 8


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Print the mean IoU of the anchor with the next box, for '
        'targets that are seen and for those that are lost')
    parser.add_argument('gt_root', help='folder with <sequence>/gt/gt.txt')
    parser.add_argument('--gain', type=float, nargs='+', default=[0, 0.2])
    parser.add_argument('--damping', type=float, nargs='+', default=[0.9])
    parser.add_argument(
        '--size-gain', type=float, nargs='+', default=[0],
        help='share of the gain that the size gets, too')
    parser.add_argument(
        '--noise', type=float, nargs='+', default=[0.03, 0.08],
        help='standard deviation of a detection, as a share of the box')
    parser.add_argument(
        '--loss', type=float, default=0.1, help='chance of getting lost')
    return parser.parse_args()


def read_trajectories(gt_root: str) -> List[ndarray]:
    """Boxes of objects as (cx, cy, w, h) in pixels, each (num_frames, 4).

    One that comes back after frames without a box is another trajectory.
    """
    found = []
    for path in sorted(Path(gt_root).glob('*/gt/gt.txt')):
        rows = np.loadtxt(path, delimiter=',', ndmin=2)
        for identity in np.unique(rows[:, 1]):
            own = rows[rows[:, 1] == identity]
            own = own[np.argsort(own[:, 0])]
            boxes = np.c_[own[:, 2:4] + own[:, 4:6] / 2, own[:, 4:6]]
            gaps = np.flatnonzero(np.diff(own[:, 0]) > 1)
            found += np.split(boxes, gaps + 1)
    if not found:
        raise CommandError(f'no box in {gt_root}/*/gt/gt.txt; give the folder '
                           'that holds the sequences')
    return found


def follow(boxes: ndarray, rng: np.random.Generator, gain: ndarray,
           damping: float, noise: float,
           loss: float) -> Iterator[Tuple[bool, float]]:
    """Whether the target is seen in each frame, and the IoU one later."""
    anchor, speed = boxes[0].copy(), np.zeros(4)
    num_lost = num_unseen = 0
    for t, (box, coming) in enumerate(zip(boxes, boxes[1:])):
        if num_lost == 0 and rng.random() < loss:
            num_lost = int(rng.integers(2, LONGEST_LOSS + 1))
        if num_lost:
            speed, num_unseen = damping * speed, num_unseen + 1
            anchor = anchor + speed
        else:
            seen = box + rng.normal(size=4) * noise * box[[2, 3, 2, 3]]
            if t:
                speed = speed + gain * (seen - anchor) / (num_unseen + 1)
            num_unseen, anchor = 0, seen + speed
        yield num_lost == 0, iou(anchor, coming)
        num_lost = max(num_lost - 1, 0)


def iou(first: ndarray, second: ndarray) -> float:
    """Intersection over union of two boxes (cx, cy, w, h)."""
    low = np.maximum(first[:2] - first[2:] / 2, second[:2] - second[2:] / 2)
    high = np.minimum(first[:2] + first[2:] / 2, second[:2] + second[2:] / 2)
    shared = np.prod(np.maximum(high - low, 0))
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)


def compare(args: argparse.Namespace) -> None:
    """Print a line for each setting."""
    trajectories = read_trajectories(args.gt_root)
    for noise in args.noise:
        for gain in args.gain:
            for share in args.size_gain:
                for damping in args.damping:
                    rng = np.random.default_rng(0)
                    gains = gain * np.array([1, 1, share, share])
                    found = [
                        pair for boxes in trajectories for pair in follow(
                            boxes, rng, gains, damping, noise, args.loss)
                    ]
                    seen, lost = (np.mean([
                        value for is_seen, value in found if is_seen == wanted
                    ]) for wanted in (True, False))
                    print_log(f'noise {noise}, gain {gain}, size {share}, '
                              f'damping {damping}: IoU {seen:.3f} seen, '
                              f'{lost:.3f} lost')


def main() -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(compare, parse_args())


if __name__ == '__main__':
    sys.exit(main())
