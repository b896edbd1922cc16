"""How a command ends that cannot go on: with one line, if the cause is known.

The user can correct it (:func:`is_user_message`), or it came from outside
(:func:`find_failure`). What is left is a bug, and keeps its traceback.
"""
import argparse
import json
import linecache
import os
import sys
import time
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any, Callable, Iterable, List, Optional

from .config_errors import message_of_setting
from .known_failures import find_failure, read_worker_error

USER_ERROR = 2
"""Exit code of a command that the user has to correct, as argparse's own."""

FAILURE = 1
"""Exit code where the machine or another process failed."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

TERMINATED = 143
"""Exit code after SIGTERM, likewise."""

PATIENCE = 3.0
"""Seconds for the process that failed to say why."""

TIME_TO_ASK = 2.0
"""Seconds for the other ranks to see that rank 0 has said it."""

USER_MESSAGES = (ValueError, TypeError, OSError)
"""Kinds of errors that this package raises for the user to read."""


class TrainingTerminated(Exception):
    """A training was asked to end, and has saved what it had."""


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
    except (*USER_MESSAGES, KeyError) as error:
        if isinstance(error, OSError) or is_user_message(error):
            return report(error)
        line = message_of_setting(error)
        if line is None:
            raise
        return report(line)


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


def report(error: object, code: int = USER_ERROR) -> int:
    """Print the line, once where several ranks have the same to say.

    Args:
        error (object): Its text is the line.
        code (int): Defaults to ``USER_ERROR``.

    Returns:
        int: ``code``.
    """
    rank = int(os.environ.get('RANK', 0))
    place = f' on rank {rank}' if rank else ''
    if _is_first_to_say(str(error)):
        sys.stderr.write(f'error{place}: {error}\n')
        sys.stderr.flush()
    _tell_torchrun(str(error))
    if rank == 0:
        _let_the_others_ask(str(error))
    return code


def report_known(error: Exception) -> Optional[int]:
    """Print the line of an error whose cause is known.

    Args:
        error (Exception): Of any kind.

    Returns:
        int: Exit code, or None for a bug; nothing is printed then. Nor if
        the environment variable ``IPMOT_TRACEBACK`` is set, for those who
        want to see where such an error came from.
    """
    if os.environ.get('IPMOT_TRACEBACK'):
        return None
    if is_user_message(error):
        return report(error)
    line = message_of_worker(error) or message_of_setting(error)
    if line is not None:
        return report(line)
    return _report_failure(error)


def _report_failure(error: Exception) -> Optional[int]:
    """Print the line for a failure from outside, if it is one of those."""
    failure = find_failure(error)
    if failure is None:
        return None
    _keep_traceback(error)
    if failure.is_of_peer:
        # The one that failed speaks first. torchrun and srun then end this
        # process, and the cause stands alone.
        time.sleep(PATIENCE)
    return report(failure.line, FAILURE)


def _keep_traceback(error: Exception) -> None:
    """Put it into the log of the run: days of training are not repeated to
    see where a rank waited in vain."""
    loggers = sys.modules.get('mmengine.logging')
    if loggers is None or not loggers.MMLogger._instance_dict:
        return
    for handler in loggers.MMLogger.get_current_instance().handlers:
        file = getattr(handler, 'baseFilename', None)
        try:
            if file is not None:
                with open(file, 'a', encoding='utf-8') as log:
                    log.writelines(traceback.format_exception(
                        type(error), error, error.__traceback__))
        except OSError:  # it may be the disk that failed
            pass


def _is_first_to_say(line: str) -> bool:
    """Whether no other rank has said it, if the ranks have met."""
    return _count_of_ranks(line, 1) in (None, 1)


def _let_the_others_ask(line: str) -> None:
    """The store of the ranks ends with rank 0; stay until all have asked, or
    for a moment, since the others may have nothing to say."""
    end = time.monotonic() + TIME_TO_ASK
    while time.monotonic() < end:
        count = _count_of_ranks(line, 0)
        if count is None or count >= int(os.environ.get('WORLD_SIZE', 1)):
            return
        time.sleep(0.02)


def _count_of_ranks(line: str, more: int) -> Optional[int]:
    """Ranks with this line after adding ``more``, if the ranks have met."""
    distributed = sys.modules.get('torch.distributed')
    if distributed is None or not (distributed.is_available()
                                   and distributed.is_initialized()):
        return None
    try:
        store = distributed.distributed_c10d._get_default_store()
        store.set_timeout(timedelta(seconds=5))
        return store.add(f'ipmot error: {line}', more)
    except RuntimeError:  # it was kept by a rank that has ended
        return None


def _tell_torchrun(line: str) -> None:
    """Have the line in torchrun's summary of what failed first."""
    file = os.environ.get('TORCHELASTIC_ERROR_FILE')
    if file:
        content = dict(
            message=line, extraInfo=dict(timestamp=str(int(time.time()))))
        try:
            Path(file).write_text(json.dumps(dict(message=content)))
        except OSError:  # on the disk that is full, perhaps
            pass


def is_user_message(error: BaseException) -> bool:
    """Whether this package raised the error on purpose, at its boundary.

    Only then is its message meant to stand alone. An error that a library,
    or a slip in our own code, caused keeps its traceback; the statement it
    left from tells them apart.
    """
    place = error.__traceback__
    if isinstance(error, CommandError):  # also of a tool
        return True
    if place is None or not isinstance(error, USER_MESSAGES):
        return False
    while place.tb_next is not None:
        place = place.tb_next
    return _raises(place.tb_frame.f_code.co_filename, place.tb_lineno)


def message_of_worker(error: BaseException) -> Optional[str]:
    """The message of this package inside an error of a data loader's worker.

    torch raises the error anew in the main process, with the traceback of
    the worker in its text.

    Args:
        error (BaseException): What the data loader raised.

    Returns:
        str: What :func:`is_user_message` would call one, or None.
    """
    met = read_worker_error(error)
    if met is None or not isinstance(error, USER_MESSAGES):
        return None
    return met.text if _raises(met.file, met.line) else None


def _raises(file: str, number: int) -> bool:
    """Whether the line of a file is a ``raise`` of this package."""
    package = Path(__file__).resolve().parent
    line = linecache.getline(file, number)
    return package in Path(file).resolve().parents and (
        line.lstrip().startswith('raise '))
