"""Score a folder of result files against a folder of sequences."""
from pathlib import Path
from typing import Any, List, Optional, Sequence, Union

from ipmot_mm.datasets.sequence import read_sequence_length, span_of_half

from .mot_scoring import Scores, score_sequences
from .scored_sequence import ScoredSequence

SPLITS = {'all': None, 'train-half': 'train', 'val-half': 'val'}
"""Parts of a sequence, by what the data sets call them, see
:func:`~ipmot_mm.datasets.sequence.span_of_half`."""


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
        split (str): Part of each sequence, one of ``SPLITS``. Defaults to
            'all'.
        kwargs: Options of :func:`score_sequences`: ``benchmark``,
            ``metrics``, ``class_ids``, ``classes`` and ``num_workers``.

    Returns:
        dict[str, dict]: As of :func:`score_sequences`.
    """
    if split not in SPLITS:
        raise ValueError(f'split must be one of {", ".join(SPLITS)}, but got '
                         f'{split!r}')
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
        first, end = span_of_half(length, SPLITS[split])
        scored.append(
            ScoredSequence(name, str(gt_root / name / 'gt' / 'gt.txt'),
                           end - first, first + 1, length))
    return score_sequences(result_dir, scored, **kwargs)
