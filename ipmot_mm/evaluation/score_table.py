"""Scores as a table that fits into a terminal."""
from typing import Any, Dict, List

from .mot_scoring import COMBINED, COUNTS

# Head of the column -> name of the score.
_COLUMNS = {
    'HOTA': 'HOTA',
    'DetA': 'DetA',
    'AssA': 'AssA',
    'MOTA': 'MOTA',
    'IDF1': 'IDF1',
    'IDS': 'IDSW',
    'FP': 'FP',
    'FN': 'FN',
}
_SEQUENCE = 'sequence'


def format_score_table(scores: Dict[str, Dict[str, Any]],
                       *,
                       per_sequence: bool = True) -> str:
    """One row per sequence and one over all, fractions in percent.

    Args:
        scores (dict[str, dict]): As of :func:`score_sequences`, or rows of
            one's own without a ``COMBINED``. Columns of families that were
            not asked for are left out.
        per_sequence (bool): Whether to show the sequences or only the row
            over all. Defaults to True.

    Returns:
        str: Several lines of equal length, the first and the last a rule.

    Example:
        >>> scores = {'COMBINED': dict(MOTA=0.5, IDSW=14, FP=58, FN=602)}
        >>> print(format_score_table(scores))
        -----------------------------
        sequence   MOTA  IDS  FP   FN
        -----------------------------
        COMBINED  50.00   14  58  602
        -----------------------------
    """
    some_row = next(iter(scores.values()))
    columns = {
        head: name
        for head, name in _COLUMNS.items() if name in some_row
    }
    names = [name for name in scores if name != COMBINED and per_sequence]
    totals = [COMBINED] if COMBINED in scores else []
    rows = [[_SEQUENCE, *columns]]
    for name in names + totals:
        rows.append([name] + [
            str(scores[name][score]) if score in
            COUNTS else f'{100 * scores[name][score]:.2f}'
            for score in columns.values()
        ])
    lines = _align(rows)
    rule = '-' * len(lines[0])
    last = 1 + len(names)
    blocks = [lines[:1], lines[1:last], lines[last:]]
    ruled = [[*block, rule] for block in blocks if block]
    return '\n'.join([rule, *sum(ruled, [])])


def _align(rows: List[List[str]]) -> List[str]:
    """Names to the left, numbers to the right, two blanks in between."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        '  '.join([row[0].ljust(widths[0])] +
                  [cell.rjust(w) for cell, w in zip(row[1:], widths[1:])])
        for row in rows
    ]
