"""Score MOTChallenge text files with TrackEval."""
import configparser
import contextlib
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from .mot_lines import read_mot_lines

METRICS_OF_TRACKEVAL = ('HOTA', 'CLEAR', 'Identity')
"""Families of metrics that can be asked for."""

BENCHMARKS = ('MOT15', 'MOT16', 'MOT17', 'MOT20', 'DanceTrack', 'custom')
"""Protocols: which boxes count, see :func:`score_sequences`."""

SPLITS = ('all', 'train-half', 'val-half')
"""Parts of a sequence, see :func:`split_frames`."""

COMBINED = 'COMBINED'
"""Name of the row over all sequences."""

_WITHOUT_PREPROCESSING = ('MOT15', 'custom')
_PEDESTRIAN = 1
_NUM_GT_COLUMNS = 8  # frame, id, x, y, w, h, conf, class: all TrackEval reads
_NUM_BOX_COLUMNS = 6
_NUM_MOT15_COLUMNS = 10
_NUM_RESULT_COLUMNS = 7

# Our name -> TrackEval's family and field. Fractions and counts are those of
# TrackEval; HOTA's fields are averaged over the 19 localisation thresholds.
_FIELDS = {
    'HOTA': ('HOTA', 'HOTA'),
    'DetA': ('HOTA', 'DetA'),
    'AssA': ('HOTA', 'AssA'),
    'LocA': ('HOTA', 'LocA'),
    'MOTA': ('CLEAR', 'MOTA'),
    'MOTP': ('CLEAR', 'MOTP'),
    'IDSW': ('CLEAR', 'IDSW'),
    'TP': ('CLEAR', 'CLR_TP'),
    'FP': ('CLEAR', 'CLR_FP'),
    'FN': ('CLEAR', 'CLR_FN'),
    'Frag': ('CLEAR', 'Frag'),
    'MT': ('CLEAR', 'MT'),
    'PT': ('CLEAR', 'PT'),
    'ML': ('CLEAR', 'ML'),
    'IDF1': ('Identity', 'IDF1'),
    'IDP': ('Identity', 'IDP'),
    'IDR': ('Identity', 'IDR'),
    'IDTP': ('Identity', 'IDTP'),
    'IDFP': ('Identity', 'IDFP'),
    'IDFN': ('Identity', 'IDFN'),
}
COUNTS = ('IDSW', 'TP', 'FP', 'FN', 'Frag', 'MT', 'PT', 'ML', 'IDTP', 'IDFP',
          'IDFN')
"""Scores which are numbers of boxes, switches or tracks, not fractions."""

Scores = Dict[str, Dict[str, Any]]
"""Sequence (or ``COMBINED``) -> name of the score -> value."""


@dataclass(frozen=True)
class ScoredSequence:
    """Which frames of which ground truth a result file belongs to.

    Attributes:
        name (str): Name of the sequence; its result file is ``<name>.txt``.
        gt_path (str): The original ``gt.txt``, with distractors and ignored
            boxes: TrackEval's preprocessing needs them.
        num_frames (int): Number of frames of the split.
        first_frame (int): Number in ``gt.txt`` of the frame which the result
            file calls 1. Defaults to 1; differs for the second half of a
            sequence.
    """
    name: str
    gt_path: str
    num_frames: int
    first_frame: int = 1


def check_protocol(benchmark: str, metrics: Sequence[str]) -> None:
    """Raise a ValueError unless TrackEval can be asked for this.

    Args:
        benchmark (str): One of ``BENCHMARKS``.
        metrics (Sequence[str]): Some of ``METRICS_OF_TRACKEVAL``.
    """
    if benchmark not in BENCHMARKS:
        raise ValueError(f'benchmark must be one of {", ".join(BENCHMARKS)}, '
                         f'but got {benchmark!r}; use \'custom\' for data '
                         'with pedestrians only')
    unknown = set(metrics) - set(METRICS_OF_TRACKEVAL)
    if isinstance(metrics, str) or unknown or not metrics:
        raise ValueError('metrics must be a sequence of some of '
                         f'{", ".join(METRICS_OF_TRACKEVAL)}, but got '
                         f'{metrics!r}')


def score_sequences(
        result_dir: Union[str, Path],
        sequences: Sequence[ScoredSequence],
        *,
        benchmark: str = 'MOT17',
        metrics: Sequence[str] = METRICS_OF_TRACKEVAL) -> Scores:
    """Score result files with TrackEval's ``MotChallenge2DBox``.

    The benchmark decides which boxes count. ``MOT16``, ``MOT17``, ``MOT20``
    and ``DanceTrack``: results matched to a distractor (for MOT20 also to a
    non-motorised vehicle) are removed, then ground truth counts if it is a
    pedestrian (class 1) and its confidence is not 0. ``MOT15``: ground truth
    counts if its confidence is not 0; the class column is not looked at.
    ``custom``: ground truth counts if it is a pedestrian and its confidence
    is not 0, where columns that are absent read as 1, as the dataset reads
    them; no result is removed, whatever the classes from 2 on mean.

    Nothing is written except in a temporary folder, and nothing is printed.

    Args:
        result_dir (str | Path): Holds ``<name>.txt`` for each sequence.
        sequences (Sequence[:obj:`ScoredSequence`]): What to score.
        benchmark (str): One of ``BENCHMARKS``. Defaults to 'MOT17'.
        metrics (Sequence[str]): Some of ``METRICS_OF_TRACKEVAL``. Defaults
            to all.

    Returns:
        dict[str, dict]: For each sequence, in the order given, and for
        ``COMBINED``: fractions in [0, 1] (MOTA may be negative), counts as
        int, and with HOTA also ``curves``: lists over the thresholds for
        ``alpha``, ``HOTA``, ``DetA``, ``AssA`` and ``LocA``.

    Raises:
        FileNotFoundError: If ground truth or results are missing.
        ValueError: If a file is malformed or an option unknown.
    """
    check_protocol(benchmark, metrics)
    if not sequences:
        raise ValueError(f'no sequence to score in {result_dir}: expected at '
                         'least one sequence with ground truth')
    with tempfile.TemporaryDirectory(prefix='ipmot_score_') as folder:
        for sequence in sequences:
            _copy_ground_truth(sequence, Path(folder, 'gt'), benchmark)
            _copy_results(sequence, Path(result_dir), Path(folder, 'tracks'))
        raw = _run_trackeval(Path(folder), sequences, benchmark, metrics)
    names = [sequence.name for sequence in sequences]
    scores = {name: _summary(raw[name]['pedestrian']) for name in names}
    scores[COMBINED] = _summary(raw['COMBINED_SEQ']['pedestrian'])
    return scores


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
                 benchmark: str = 'MOT17',
                 metrics: Sequence[str] = METRICS_OF_TRACKEVAL,
                 sequences: Optional[Sequence[str]] = None,
                 split: str = 'all') -> Scores:
    """Score a folder of result files against a folder of sequences.

    Args:
        result_dir (str | Path): Holds ``<sequence>.txt``; frame 1 is the
            first frame of the split.
        gt_root (str | Path): Holds ``<sequence>/gt/gt.txt`` and
            ``<sequence>/seqinfo.ini``.
        benchmark (str): See :func:`score_sequences`. Defaults to 'MOT17'.
        metrics (Sequence[str]): See there. Defaults to all.
        sequences (Sequence[str], optional): Names to score. Defaults to all
            in ``gt_root``.
        split (str): Part of each sequence, see :func:`split_frames`.
            Defaults to 'all'.

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
        first, count = split_frames(_sequence_length(gt_root / name), split)
        scored.append(
            ScoredSequence(name, str(gt_root / name / 'gt' / 'gt.txt'), count,
                           first))
    return score_sequences(
        result_dir, scored, benchmark=benchmark, metrics=metrics)


def _sequence_length(folder: Path) -> int:
    """``seqLength`` of ``seqinfo.ini``."""
    path = folder / 'seqinfo.ini'
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} not found: expected an ini file with seqLength in '
            'section [Sequence]; add it, the number of frames cannot be told '
            'from the ground truth')
    parser = configparser.ConfigParser()
    try:
        parser.read(path, encoding='utf-8-sig')
        return parser.getint('Sequence', 'seqLength')
    except (configparser.Error, ValueError) as error:
        raise ValueError(f'{path}: expected an integer seqLength in section '
                         f'[Sequence], but got: {error}') from error


def _copy_ground_truth(sequence: ScoredSequence, folder: Path,
                       benchmark: str) -> None:
    """Rows of the split with frames from 1 on, all else unchanged."""
    if not Path(sequence.gt_path).is_file():
        raise FileNotFoundError(
            f'sequence {sequence.name}: ground truth {sequence.gt_path!r} not '
            'found, so it cannot be scored; give the folder with gt/gt.txt, '
            'or write results only (format_only=True with outfile_prefix) '
            'for a test set without annotations')
    lines = []
    custom = benchmark == 'custom'
    for frame, _, columns in read_mot_lines(
            sequence.gt_path,
            min_columns=_NUM_BOX_COLUMNS if custom else _NUM_GT_COLUMNS):
        frame += 1 - sequence.first_frame
        if not 1 <= frame <= sequence.num_frames:
            continue
        confidence, label = _marks(columns) if custom else columns[6:8]
        if custom and int(float(label)) != _PEDESTRIAN:
            continue
        lines.append(','.join(
            [str(frame), *columns[1:_NUM_BOX_COLUMNS], confidence, label]))
    _write(folder / f'{sequence.name}.txt', lines)


def _marks(columns: Sequence[str]) -> Tuple[str, str]:
    """Confidence and class; 1 where the file has no such column, and in the
    layout of MOT15, whose ten columns hold coordinates instead of a class."""
    confidence = columns[6] if len(columns) > _NUM_BOX_COLUMNS else '1'
    has_class = _NUM_GT_COLUMNS <= len(columns) < _NUM_MOT15_COLUMNS
    return confidence, columns[7] if has_class else '1'


def _copy_results(sequence: ScoredSequence, result_dir: Path,
                  folder: Path) -> None:
    """Checked rows of one result file."""
    path = result_dir / f'{sequence.name}.txt'
    if not path.is_file():
        raise FileNotFoundError(
            f'sequence {sequence.name}: results {str(path)!r} not found; '
            'write an empty file if the tracker found nothing, or name the '
            'sequences to score')
    lines = []
    for frame, number, columns in read_mot_lines(
            path, min_columns=_NUM_RESULT_COLUMNS):
        if not 1 <= frame <= sequence.num_frames:
            raise ValueError(
                f'{path}, line {number}: expected a frame in 1..'
                f'{sequence.num_frames}, but got {frame}; frames count from '
                '1 at the first frame of the split')
        lines.append(','.join(columns))
    _write(folder / f'{sequence.name}.txt', lines)


def _write(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(''.join(f'{line}\n' for line in lines), encoding='utf-8')


def _run_trackeval(folder: Path, sequences: Sequence[ScoredSequence],
                   benchmark: str, metrics: Sequence[str]) -> Dict[str, Any]:
    """TrackEval's raw result: sequence -> class -> family -> field."""
    import trackeval

    quiet = dict(
        PRINT_CONFIG=False,
        PRINT_RESULTS=False,
        TIME_PROGRESS=False,
        OUTPUT_SUMMARY=False,
        OUTPUT_DETAILED=False,
        PLOT_CURVES=False,
        # The default is a file inside of the installed package.
        LOG_ON_ERROR=None)
    config = dict(
        PRINT_CONFIG=False,
        GT_FOLDER=str(folder / 'gt'),
        GT_LOC_FORMAT='{gt_folder}/{seq}.txt',
        TRACKERS_FOLDER=str(folder),
        TRACKERS_TO_EVAL=['tracks'],
        TRACKER_SUB_FOLDER='',
        SKIP_SPLIT_FOL=True,
        SEQ_INFO={s.name: s.num_frames for s in sequences},
        BENCHMARK=benchmark,
        DO_PREPROC=benchmark not in _WITHOUT_PREPROCESSING)
    # Progress and tracebacks are printed whatever the options say.
    with contextlib.redirect_stdout(io.StringIO()), \
            contextlib.redirect_stderr(io.StringIO()):
        families = [
            trackeval.metrics.HOTA() if name == 'HOTA' else getattr(
                trackeval.metrics, name)(dict(PRINT_CONFIG=False))
            for name in metrics
        ]
        try:
            dataset = trackeval.datasets.MotChallenge2DBox(config)
            results, _ = trackeval.Evaluator(quiet).evaluate([dataset],
                                                             families)
        except trackeval.utils.TrackEvalException as error:
            raise ValueError(f'TrackEval cannot score these files as '
                             f'{benchmark}: {error}') from error
    return results['MotChallenge2DBox']['tracks']


def _summary(raw: Dict[str, Any]) -> Dict[str, Any]:
    """Plain numbers of one sequence, and curves over the thresholds."""
    import trackeval

    summary: Dict[str, Any] = {}
    for name, (family, field) in _FIELDS.items():
        if family not in raw:
            continue
        value = raw[family][field]
        if family == 'HOTA':
            value = value.mean()
        summary[name] = int(value) if name in COUNTS else float(value)
    if 'HOTA' in raw:
        alphas = trackeval.metrics.HOTA().array_labels
        summary['curves'] = dict(
            alpha=alphas.tolist(),
            **{
                name: raw['HOTA'][name].tolist()
                for name in ('HOTA', 'DetA', 'AssA', 'LocA')
            })
    return summary
