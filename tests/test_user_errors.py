"""What a user reads at the end of a command that cannot be run."""
import argparse

import pytest

from ipmot_mm.user_errors import (USER_ERROR, CommandError, positive, run_tool,
                                  some)


@pytest.mark.parametrize('error, line', [
    (CommandError('two inputs; give one'), 'error: two inputs; give one'),
    (FileNotFoundError(2, 'No such file', 'a.txt'),
     "error: [Errno 2] No such file: 'a.txt'"),
    (ValueError('a slip of the tool'), None),
])
def test_tools_end_with_one_line_unless_it_is_a_slip(error, line, capsys):

    def work(text):
        raise error

    if line is None:
        with pytest.raises(ValueError, match='a slip'):
            run_tool(work, 'text')
    else:
        assert run_tool(work, 'text') == USER_ERROR
        assert capsys.readouterr().err == f'{line}\n'
    assert run_tool(len, '') == 0 and run_tool(len, 'a') == 1


def test_numbers_become_runs():
    assert some([3]) == '3'
    assert some([1, 2, 3, 5, 7, 8]) == '1-3, 5, 7-8'
    assert some([1, 3, 5, 6, 9], 2) == '1, 3 and 3 more'
    assert some(['b', 'c']) == 'b, c'
    assert some([]) == ''
    assert some(iter([2, 4, 5]), 2, 10**40) == f'2, 4-5 and {10**40 - 3} more'


def test_positive_numbers_of_a_command(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument('--num-clips', type=positive)
    assert parser.parse_args(['--num-clips', '3']).num_clips == 3
    for text, message in (('0', 'expected 1 or more, got 0'),
                          ('-1', 'expected 1 or more, got -1'),
                          ('x', "invalid positive value: 'x'")):
        with pytest.raises(SystemExit):
            parser.parse_args(['--num-clips', text])
        assert f'--num-clips: {message}' in capsys.readouterr().err
