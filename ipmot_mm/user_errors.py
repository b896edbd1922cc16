"""How a command ends that the user has to correct: with one line."""
import linecache
import sys
from pathlib import Path
from typing import Any, Callable

USER_ERROR = 2
"""Exit code of such a command, as argparse's own."""


class CommandError(ValueError):
    """The command cannot be run as given; the message tells what to do."""


def run_tool(call: Callable, *args: Any) -> int:
    """Run one of the smaller tools; what the user can correct becomes one
    line, also where the system says it, such as that a file is missing.

    Args:
        call (Callable): Does the work. It may return an exit code.
        args (tuple): Its arguments.

    Returns:
        int: Exit code, ``USER_ERROR`` if there was such an error.
    """
    try:
        return call(*args) or 0
    except (ValueError, TypeError, OSError) as error:
        if not (isinstance(error, OSError) or is_user_message(error)):
            raise
        return report(error)


def report(error: Exception) -> int:
    """Print the line.

    Args:
        error (Exception): Its message is the line.

    Returns:
        int: ``USER_ERROR``.
    """
    sys.stderr.write(f'error: {error}\n')
    return USER_ERROR


def is_user_message(error: BaseException) -> bool:
    """Whether this package raised the error on purpose, at its boundary.

    Only then is its message meant to stand alone. An error that a library,
    or a slip in our own code, caused keeps its traceback; the statement it
    left from tells them apart.
    """
    traceback = error.__traceback__
    if isinstance(error, CommandError):  # also of a tool
        return True
    if traceback is None:
        return False
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    file = traceback.tb_frame.f_code.co_filename
    line = linecache.getline(file, traceback.tb_lineno)
    package = Path(__file__).resolve().parent
    return package in Path(file).resolve().parents and (
        line.lstrip().startswith('raise '))
