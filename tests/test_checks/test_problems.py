"""Problems are counted beyond what is kept, and grouped with errors first."""
from ipmot_mm.checks.problems import MAX_KEPT, ProblemLog, group_problems


def test_groups_count_what_was_not_kept():
    first, second = ProblemLog('a'), ProblemLog('b')
    first.warn('tiny', 'one')
    for number in range(MAX_KEPT + 3):
        first.error('rows', f'row {number}')
    second.error('rows', 'last')
    rows, tiny = group_problems([first, second])
    assert (rows.kind, rows.is_error, rows.count) == ('rows', True,
                                                      MAX_KEPT + 4)
    assert len(rows.problems) == MAX_KEPT + 1
    assert rows.lines(2) == [
        'a: row 0', 'a: row 1', f'... and {MAX_KEPT + 2} more'
    ]
    assert (tiny.count, tiny.is_error) == (1, False)
    assert tiny.lines(5) == ['a: one']
    assert (first.num_errors, first.num_warnings) == (MAX_KEPT + 3, 1)
