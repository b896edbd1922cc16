"""Ground truth and results of any size, for tests and time measurements."""
from pathlib import Path
from typing import List, Sequence, Tuple, Union

import numpy as np
from numpy import ndarray

MOT17_TRAIN_LENGTHS = (600, 1050, 837, 525, 654, 900, 750)
"""Frames of MOT17-02, 04, 05, 09, 10, 11 and 13."""

IMAGE_SIZE = (1920, 1080)
"""Width and height in pixels in which objects start."""

_MEAN_LIFE = 80
_DISTRACTORS = (7, 8, 12)
_DISTRACTOR_SHARE = 0.1
_FRAMES_OF_A_FALSE_TRACK = 20


def random_ground_truth(rng: np.random.Generator, num_frames: int,
                        num_objects: int) -> ndarray:
    """Walking boxes, of which a tenth are distractors that do not count.

    Each of ``num_objects`` places holds one object after the other, for 80
    frames on average, so that there are as many in every frame.

    Args:
        rng (:obj:`np.random.Generator`): Source of randomness.
        num_frames (int): Length of the sequence.
        num_objects (int): Boxes in each frame.

    Returns:
        ndarray: ``frame, id, x, y, w, h, conf, class, visibility`` sorted by
        frame and id, float64, has shape (num_frames * num_objects, 9).
    """
    tracks: List[ndarray] = []
    for _place in range(num_objects):
        start = 1
        while start <= num_frames:
            life = 1 + rng.geometric(1 / _MEAN_LIFE)
            frames = np.arange(start, min(start + life, num_frames + 1))
            tracks.append(_walk(rng, frames, len(tracks) + 1))
            start += life
    rows = np.concatenate(tracks)
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]


def _walk(rng: np.random.Generator, frames: ndarray,
          instance_id: int) -> ndarray:
    """Rows of one object, has shape (num_frames, 9)."""
    height = rng.uniform(60, 300)
    size = np.array([0.4 * height, height])
    steps = rng.normal(rng.normal(0, 2, 2), 1, (len(frames), 2))
    corners = rng.uniform(0, IMAGE_SIZE) + steps.cumsum(0)
    is_distractor = rng.random() < _DISTRACTOR_SHARE
    rows = np.ones((len(frames), 9))
    rows[:, 0], rows[:, 1] = frames, instance_id
    rows[:, 2:4], rows[:, 4:6] = corners.round(1), size.round(1)
    if is_distractor:
        rows[:, 6:8] = 0, rng.choice(_DISTRACTORS)
    return rows


def corrupt_tracks(rng: np.random.Generator,
                   truth: ndarray,
                   *,
                   drop: float = 0.15,
                   jitter: float = 0.05,
                   num_swaps: int = 10,
                   false_positives: float = 0.1) -> ndarray:
    """Results of a tracker with all kinds of errors.

    Args:
        rng (:obj:`np.random.Generator`): Source of randomness.
        truth (ndarray): Ground truth starting with ``frame, id, x, y, w, h``,
            has shape (num_boxes, 6 or more).
        drop (float): Share of boxes that are missed. Defaults to 0.15.
        jitter (float): Standard deviation of each coordinate, in widths and
            heights of the box. Defaults to 0.05.
        num_swaps (int): How often two objects swap their ids for good.
            Defaults to 10.
        false_positives (float): Boxes without an object, as a share of those
            with one; each lies beside an object. Defaults to 0.1.

    Returns:
        ndarray: ``frame, id, x, y, w, h, score`` sorted by frame, float64,
        has shape (num_results, 7).
    """
    boxes = truth[:, :6].copy()
    ids = np.unique(boxes[:, 1])
    for _swap in range(num_swaps if len(ids) > 1 else 0):
        first, second = rng.choice(ids, 2, replace=False)
        later = boxes[:, 0] >= rng.choice(boxes[:, 0])
        swapped = boxes[:, 1].copy()
        swapped[later & (boxes[:, 1] == first)] = second
        swapped[later & (boxes[:, 1] == second)] = first
        boxes[:, 1] = swapped
    false = boxes[rng.random(len(boxes)) < false_positives]
    kept = boxes[rng.random(len(boxes)) >= drop]
    kept[:, 2:6] += rng.normal(0, jitter, (len(kept), 4)) * np.tile(
        kept[:, 4:6], 2)
    kept[:, 4:6] = np.maximum(kept[:, 4:6], 1)
    false[:, 2] += 1.5 * false[:, 4]
    # New ids every few frames: an id stays unique in its frame.
    epoch = 1 + false[:, 0] // _FRAMES_OF_A_FALSE_TRACK
    false[:, 1] += epoch * (1 + boxes[:, 1].max(initial=0))
    rows = np.concatenate([kept, false])
    rows = np.column_stack([rows, rng.random(len(rows))])
    return rows[np.argsort(rows[:, 0], kind='stable')]


def write_random_tracks(root: Union[str, Path],
                        *,
                        num_frames: Sequence[int] = MOT17_TRAIN_LENGTHS,
                        num_objects: int = 20,
                        seed: int = 0) -> Tuple[Path, Path]:
    """Write sequences and the results of a tracker.

    The defaults make a set as large as MOT17-train: 106 thousand boxes, of
    which 95 thousand count.

    Args:
        root (str | Path): Folder to write to.
        num_frames (Sequence[int]): Length of each sequence.
        num_objects (int): Boxes in each frame. Defaults to 20.
        seed (int): Of the random numbers. Defaults to 0.

    Returns:
        tuple[Path, Path]: Folder with ``<sequence>/{gt/gt.txt,
        seqinfo.ini}``, and folder with ``<sequence>.txt``.
    """
    rng = np.random.default_rng(seed)
    gt_root, result_dir = Path(root, 'gt'), Path(root, 'tracks')
    result_dir.mkdir(parents=True, exist_ok=True)
    for number, length in enumerate(num_frames, start=1):
        folder = gt_root / f'RANDOM-{number:02d}'
        (folder / 'gt').mkdir(parents=True, exist_ok=True)
        (folder / 'seqinfo.ini').write_text(
            f'[Sequence]\nname={folder.name}\nseqLength={length}\n',
            encoding='utf-8')
        truth = random_ground_truth(rng, length, num_objects)
        results = corrupt_tracks(rng, truth, num_swaps=length // 10)
        np.savetxt(folder / 'gt' / 'gt.txt', truth,
                   fmt='%d,%d,%.1f,%.1f,%.1f,%.1f,%d,%d,%.1f')
        np.savetxt(result_dir / f'{folder.name}.txt', results,
                   fmt='%d,%d,%.6f,%.6f,%.6f,%.6f,%.6f,-1,-1,-1')
    return gt_root, result_dir
