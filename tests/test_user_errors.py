"""What a user reads at the end of a command that cannot be run."""
import pytest

from ipmot_mm.user_errors import USER_ERROR, CommandError, run_tool


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
