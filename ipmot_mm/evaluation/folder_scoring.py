"""Score a folder of result files against a folder of sequences."""
import logging
from pathlib import Path
from typing import Any, List, Optional, Sequence, Union

from mmengine.logging import print_log

from ipmot_mm.datasets.sequence import (find_sequences, read_sequence_length,
                                        span_of_half)

from .mot_scoring import Scores, score_sequences
from .scored_sequence import ScoredSequence

SPLITS = {'all': None, 'train-half': 'train', 'val-half': 'val'}
"""Parts of a sequence, by what the data sets call them, see
:func:`~ipmot_mm.datasets.sequence.span_of_half`."""


def score_folder(result_dir: Union[str, Path],
                 gt_root: Union[str, Path],
                 *,
                 sequences: Optional[Sequence[str]] = None,
                 seqmap: Optional[str] = None,
                 split: str = 'all',
                 **kwargs: Any) -> Scores:
    """Score a folder of result files against a folder of sequences.

    Args:
        result_dir (str | Path): Holds ``<sequence>.txt``; frame 1 is the
            first frame of the split.
        gt_root (str | Path): Holds ``<sequence>/gt/gt.txt`` and
            ``<sequence>/seqinfo.ini``, or the frames instead of the latter.
        sequences (Sequence[str], optional): Names to score, with shell wild
            cards, such as ``['*-SDP']``; each must match. Defaults to all.
        seqmap (str, optional): File that lists the names to choose from, see
            :func:`~ipmot_mm.datasets.sequence.read_seqmap`. Defaults to
            None, for all in ``gt_root`` that have ground truth.
        split (str): Part of each sequence, one of ``SPLITS``. Defaults to
            'all'. A sequence without a frame in it is left out with a
            warning, as the data sets do.
        kwargs: Options of :func:`score_sequences`: ``benchmark``,
            ``metrics``, ``class_ids``, ``classes``, ``num_workers`` and
            ``scorer``.

    Returns:
        dict[str, dict]: As of :func:`score_sequences`.

    Raises:
        FileNotFoundError: If a file or folder is missing, or a name matches
            nothing.
        ValueError: If ``split`` is unknown, no sequence has a frame in it,
            or as of :func:`score_sequences`.
    """
    scored = sequences_to_score(
        gt_root, sequences=sequences, seqmap=seqmap, split=split)
    return score_sequences(result_dir, scored, **kwargs)


def sequences_to_score(gt_root: Union[str, Path],
                       *,
                       sequences: Optional[Sequence[str]] = None,
                       seqmap: Optional[str] = None,
                       split: str = 'all') -> List[ScoredSequence]:
    """Sequences of a folder that have ground truth.

    Args:
        gt_root (str | Path): See :func:`score_folder`.
        sequences (Sequence[str], optional): See there.
        seqmap (str, optional): See there.
        split (str): See there. Defaults to 'all'.

    Returns:
        list[:obj:`ScoredSequence`]: Sorted by name.

    Raises:
        FileNotFoundError: If a file or folder is missing, or a name matches
            nothing.
        ValueError: If ``split`` is unknown.
    """
    if split not in SPLITS:
        raise ValueError(f'split must be one of {", ".join(SPLITS)}, but got '
                         f'{split!r}')
    scored: List[ScoredSequence] = []
    for folder in _find_folders(Path(gt_root), sequences, seqmap):
        length = read_sequence_length(str(folder))
        first, end = span_of_half(length, SPLITS[split])
        if first == end:
            print_log(
                f'Sequence "{folder.name}" has no frame in split={split!r}: '
                'it is left out.',
                logger='current',
                level=logging.WARNING)
            continue
        scored.append(
            ScoredSequence(folder.name, str(folder / 'gt' / 'gt.txt'),
                           end - first, first + 1, length))
    return scored


def _find_folders(gt_root: Path, patterns: Optional[Sequence[str]],
                  seqmap: Optional[str]) -> List[Path]:
    """Folders of the sequences to score, sorted."""
    if patterns is None and seqmap is None:
        folders = {path.parents[1] for path in gt_root.glob('*/gt/gt.txt')}
        if not folders:
            raise FileNotFoundError(
                f'no <sequence>/gt/gt.txt found in {gt_root}; pass the folder '
                'that holds the sequences')
    else:
        # one by one, so that a name which matches nothing is refused
        folders = {
            Path(folder)
            for pattern in (['*'] if patterns is None else patterns)
            for folder in find_sequences(str(gt_root), [pattern], seqmap)
        }
    return sorted(folders)
