"""Scores as a table that fits into a terminal."""
from typing import Any, Dict, List, Optional, Sequence

from .mot_scoring import CLASSES, COMBINED, COUNTS

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
    """One row per sequence, over all, and per class; fractions in percent.

    Args:
        scores (dict[str, dict]): As of :func:`score_sequences`, or rows of
            one's own without a ``COMBINED``. Columns of families that were
            not asked for are left out; where only some rows have them, the
            others show ``-``. Where there are several classes, a row for
            each over all sequences comes last.
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
    columns = {
        head: name
        for head, name in _COLUMNS.items()
        if any(name in row for row in scores.values())
    }
    total = scores.get(COMBINED, {})
    blocks = [
        {
            name: row
            for name, row in scores.items() if name != COMBINED
        } if per_sequence else {},
        {COMBINED: total} if total else {},
        total.get(CLASSES, {}),
    ]
    rows = [[_SEQUENCE, *columns]]
    for block in blocks:
        rows += [[name] + [_cell(row.get(score), score in COUNTS)
                           for score in columns.values()]
                 for name, row in block.items()]
    lines = align_columns(rows)
    rule = '-' * len(lines[0])
    ruled = [rule, lines.pop(0), rule]
    for block in filter(None, blocks):
        ruled += [*lines[:len(block)], rule]
        del lines[:len(block)]
    return '\n'.join(ruled)


def _cell(value: Optional[float], is_count: bool) -> str:
    """A number of the table."""
    if value is None:
        return '-'
    return str(value) if is_count else f'{100 * value:.2f}'


def align_columns(rows: Sequence[Sequence[str]]) -> List[str]:
    """Names to the left, numbers to the right, two blanks in between.

    Args:
        rows (Sequence[Sequence[str]]): Cells of each row, as many in each.

    Returns:
        list[str]: Lines of equal length.
    """
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        '  '.join([row[0].ljust(widths[0])] +
                  [cell.rjust(w) for cell, w in zip(row[1:], widths[1:])])
        for row in rows
    ]
