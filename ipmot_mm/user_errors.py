"""How a command ends that the user has to correct: with one line."""
import argparse
import linecache
import sys
from pathlib import Path
from typing import Any, Callable, Iterable, List, Optional

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


def positive(text: str) -> int:
    """Type of an argument of a command: a whole number from 1 on.

    Args:
        text (str): What the user wrote.

    Returns:
        int: The number.

    Raises:
        ArgumentTypeError: If it is below 1; argparse says which argument.
    """
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f'expected 1 or more, got {number}')
    return number


def some(items: Iterable[object],
         max_named: int = 8,
         total: Optional[int] = None) -> str:
    """The first few of some items, runs of numbers as ``3-7``.

    Args:
        items (Iterable): Numbers in ascending order, or names.
        max_named (int): How many runs to name. Defaults to 8.
        total (int, optional): How many items there are, where only the first
            are given. Defaults to None, for all.

    Returns:
        str: Such as ``'1-3, 7 and 2 more'``.

    Example:
        >>> some([1, 2, 3, 7, 9, 10], 2)
        '1-3, 7 and 2 more'
    """
    runs: List[List[object]] = []
    for item in items:
        follows = (
            runs and isinstance(item, int) and runs[-1][-1] == item - 1)
        if follows:
            runs[-1].append(item)
        else:
            runs.append([item])
    parts = [
        str(run[0]) if len(run) == 1 else f'{run[0]}-{run[-1]}'
        for run in runs[:max_named]
    ]
    total = sum(map(len, runs)) if total is None else total
    rest = total - sum(map(len, runs[:max_named]))
    return ', '.join(parts) + (f' and {rest} more' if rest else '')


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
