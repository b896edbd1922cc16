"""A bar in a terminal, lines elsewhere."""
import io

import pytest

from ipmot_mm.study.progress import StudyProgress, format_duration


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self):
        return True


def test_lines_where_there_is_no_terminal():
    stream = io.StringIO()
    progress = StudyProgress(2, 'sample', stream)
    progress.update({'base seed 0': 0.5})
    progress.end_run('base seed 0: HOTA 30.0')
    progress.close()
    assert stream.getvalue() == '[1/2] base seed 0: HOTA 30.0; 0 s left\n'


def test_a_bar_over_parts_of_runs():
    stream = Terminal()
    progress = StudyProgress(4, 'sample', stream)
    progress.end_run('one')
    progress.update({'base seed 0': 0.5, 'deep seed 0': 0.75})
    progress.close()
    assert '2.2/4 runs' in stream.getvalue()
    assert 'base seed 0 50%, deep seed 0 75%' in stream.getvalue()


@pytest.mark.parametrize('seconds, text', [
    (0, '0 s'), (89.4, '89 s'), (90, '2 min'), (3600, '60 min'),
    (5400, '1 h 30 min'), (11100, '3 h 05 min'),
])
def test_durations(seconds, text):
    assert format_duration(seconds) == text
