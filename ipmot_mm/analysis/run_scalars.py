"""Scalars that mmengine's LocalVisBackend wrote while a run went on."""
import json
import math
from pathlib import Path
from typing import Dict, List, Tuple, Union

Curves = Dict[str, Dict[int, float]]
"""Name of a scalar -> iteration -> value."""


def read_scalars(work_dir: Union[str, Path]) -> Curves:
    """All scalars of a work directory, over iterations.

    Each start of a run makes a folder named by its time, so their order by
    name is the order in time. Where a resumed run repeats an iteration, the
    later value holds. A last line cut off by a killed run is skipped, and so
    are values that are no numbers.

    Lines of a validation know their epoch, not their iteration: they get that
    of the last line of training before them, which is behind by less than the
    interval of ``LoggerHook``.

    Args:
        work_dir (str | Path): Of one configuration, or a folder below it.

    Returns:
        dict[str, dict[int, float]]: Also ``step`` itself is left out.

    Raises:
        FileNotFoundError: If there is none.
    """
    paths = sorted(Path(work_dir).glob('**/vis_data/scalars.json'))
    if not paths:
        raise FileNotFoundError(
            f'no vis_data/scalars.json found below {str(work_dir)!r}; give '
            'the work directory of a run with LocalVisBackend')
    curves: Curves = {}
    for path in paths:
        iteration = 0
        for line in path.read_text(encoding='utf-8').splitlines():
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue
            if 'iter' in record:
                iteration = int(record['iter'])
            for name, value in record.items():
                if name not in ('iter', 'step') and _is_number(value):
                    curves.setdefault(name, {})[iteration] = float(value)
    return curves


def find_scalar(curves: Curves, key: str) -> str:
    """The name of a scalar, which may be given without its prefix.

    Args:
        curves (dict): Of :func:`read_scalars`.
        key (str): Such as ``loss``, or ``HOTA`` for
            ``motchallenge-metric/HOTA``.

    Returns:
        str: The whole name.

    Raises:
        ValueError: If there is none, or several have this end.
    """
    if key in curves:
        return key
    found = [name for name in curves if name.split('/')[-1] == key]
    if len(found) != 1:
        names = ', '.join(found or sorted(curves)) or 'nothing'
        raise ValueError(f'key {key!r} is the name of {len(found)} scalars; '
                         f'choose from {names}')
    return found[0]


def smooth(values: List[float], weight: float) -> List[float]:
    """Exponential mean that starts without a pull towards 0.

    Args:
        values (list[float]): In the order of time.
        weight (float): Of the past, in [0, 1).

    Returns:
        list[float]: As many.

    >>> smooth([2.0, 2.0, 5.0], 0.5)
    [2.0, 2.0, 3.7142857142857144]
    """
    mean, total, smoothed = 0.0, 0.0, []
    for value in values:
        mean = weight * mean + (1 - weight) * value
        total = weight * total + (1 - weight)
        smoothed.append(mean / total)
    return smoothed


def sorted_points(curve: Dict[int, float]) -> Tuple[List[int], List[float]]:
    """Iterations and values in the order of time.

    Args:
        curve (dict[int, float]): Iteration -> value.

    Returns:
        tuple[list[int], list[float]]: Both of the same length.
    """
    steps = sorted(curve)
    return steps, [curve[step] for step in steps]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
