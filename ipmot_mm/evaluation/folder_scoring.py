"""Score a folder of result files against a folder of sequences."""
from pathlib import Path
from typing import Any, List, Optional, Sequence, Tuple, Union

from ipmot_mm.datasets.sequence import read_sequence_length

from .mot_scoring import Scores, score_sequences
from .scored_sequence import ScoredSequence

SPLITS = ('all', 'train-half', 'val-half')
"""Parts of a sequence, see :func:`split_frames`."""


def split_frames(num_frames: int, split: str) -> Tuple[int, int]:
    """First frame (1-based) and number of frames of a part of a sequence.

    The halves are those of mmdet's ``mot2coco.py``, FairMOT and ByteTrack:
    the first ``num_frames // 2 + 1`` frames train, the others validate.

    Args:
        num_frames (int): Frames of the whole sequence.
        split (str): 'all', 'train-half' or 'val-half'.

    Returns:
        tuple[int, int]: First frame and number of frames.
    """
    if split not in SPLITS:
        raise ValueError(f'split must be one of {", ".join(SPLITS)}, but got '
                         f'{split!r}')
    num_train = min(num_frames // 2 + 1, num_frames)
    return {
        'all': (1, num_frames),
        'train-half': (1, num_train),
        'val-half': (num_train + 1, num_frames - num_train),
    }[split]


def score_folder(result_dir: Union[str, Path],
                 gt_root: Union[str, Path],
                 *,
                 sequences: Optional[Sequence[str]] = None,
                 split: str = 'all',
                 **kwargs: Any) -> Scores:
    """Score a folder of result files against a folder of sequences.

    Args:
        result_dir (str | Path): Holds ``<sequence>.txt``; frame 1 is the
            first frame of the split.
        gt_root (str | Path): Holds ``<sequence>/gt/gt.txt`` and
            ``<sequence>/seqinfo.ini``, or the frames instead of the latter.
        sequences (Sequence[str], optional): Names to score. Defaults to all
            in ``gt_root``.
        split (str): Part of each sequence, see :func:`split_frames`.
            Defaults to 'all'.
        kwargs: Options of :func:`score_sequences`: ``benchmark``,
            ``metrics``, ``class_ids``, ``classes`` and ``num_workers``.

    Returns:
        dict[str, dict]: As of :func:`score_sequences`.
    """
    gt_root = Path(gt_root)
    if sequences is None:
        sequences = sorted(
            path.parents[1].name for path in gt_root.glob('*/gt/gt.txt'))
        if not sequences:
            raise FileNotFoundError(
                f'no <sequence>/gt/gt.txt found in {gt_root}; pass the folder '
                'that holds the sequences')
    scored: List[ScoredSequence] = []
    for name in sequences:
        length = read_sequence_length(str(gt_root / name))
        first, count = split_frames(length, split)
        scored.append(
            ScoredSequence(name, str(gt_root / name / 'gt' / 'gt.txt'), count,
                           first, length))
    return score_sequences(result_dir, scored, **kwargs)
