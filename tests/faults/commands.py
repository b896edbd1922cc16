"""The commands of a user, run where faults happen."""
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

TESTS = Path(__file__).resolve().parents[1]
TOOLS = TESTS.parent / 'tools'
VARIABLE = 'IPMOT_FAULT'
"""Tells a training what to do to itself; see ``injected.py``."""
PATIENCE = 300
"""Seconds after which a command counts as hanging."""
PREFIX = re.compile(r'^(\d\d/\d\d [\d:]+ - mmengine - \w+ - '
                    r'(\S+ - \w+ - \d+ - )?|[EW]\d{4} .*?\] )')
"""Time, level and place that mmengine and torch put before a line."""
TORCHRUN = 'torch/distributed/elastic'
"""What torchrun prints after a rank has failed begins with it."""
LINGER = 20
"""Seconds that its processes may outlive it; workers look every five."""


class Unexpected(AssertionError):
    """A fault was neither recovered nor reported as it should be."""


@dataclass(frozen=True)
class Run:
    """A command that has ended.

    Args:
        code (int): Exit code, negative for a signal.
        output (str): What it printed.
        seconds (float): How long it took.
        ended (float): When, in seconds of ``time.time``.
    """
    code: int
    output: str
    seconds: float
    ended: float

    def expect_code(self, *codes: int) -> 'Run':
        """Raise :class:`Unexpected` unless it ended with one of these."""
        if self.code not in codes:
            raise Unexpected(f'exit code {self.code}, expected {codes}'
                             f'{self._tail()}')
        return self

    def lines(self, pattern: str) -> List[str]:
        """Lines of the output that match, without time and level."""
        lines = [PREFIX.sub('', line) for line in self.output.splitlines()]
        return [line for line in lines if re.search(pattern, line)]

    def line(self, pattern: str) -> str:
        """The one line of the output that matches.

        Raises:
            Unexpected: None does, or several do.
        """
        found = self.lines(pattern)
        if len(set(found)) != 1:
            raise Unexpected(f'{len(set(found))} lines match {pattern!r}, '
                             f'expected one{self._tail()}')
        return found[0]

    def error_line(self, pattern: str) -> str:
        """The one line with which a command ended that found a mistake.

        Raises:
            Unexpected: There is a traceback, or another error.
        """
        if 'Traceback' in self.output.split(TORCHRUN)[0]:
            raise Unexpected(f'a traceback, not one line{self._tail()}')
        return self.line(rf'^error( on rank \d+)?: .*{pattern}')

    def _tail(self) -> str:
        lines = self.output.rstrip().splitlines()
        return f'; the last line is: {lines[-1] if lines else ""}\n' + \
            '\n'.join(lines[-60:])


class ColdStart:
    """Every command is a new process, as a user starts it."""

    def start(self, argv: List[str], env: dict, output: Path) -> int:
        """Start a Python script; returns its process id."""
        with output.open('wb') as file:
            self._process = subprocess.Popen(
                [sys.executable, *argv], env={**os.environ, **env},
                stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, start_new_session=True)
        return self._process.pid

    def wait(self) -> int:
        """Exit code of the process, once it has ended."""
        return self._process.wait()

    def close(self) -> None:
        """Nothing is left running."""


class WarmStart:
    """Commands are forked from a process that has done the imports."""

    def __init__(self, env: dict) -> None:
        self._server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name('warm_start.py'))],
            env={**os.environ, **env}, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1)
        self._server.stdout.readline()  # it is ready

    def start(self, argv: List[str], env: dict, output: Path) -> int:
        """See :meth:`ColdStart.start`."""
        request = dict(argv=argv, env=env, cwd=os.getcwd(), output=str(output))
        self._server.stdin.write(json.dumps(request) + '\n')
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def wait(self) -> int:
        """See :meth:`ColdStart.wait`."""
        return int(self._server.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._server.stdin.close()
        self._server.wait()


def run_command(starter, argv: List[str], env: dict, output: Path, *,
                kill_after: Optional[float] = None) -> Run:
    """Run a Python script until it ends.

    Args:
        starter (ColdStart | WarmStart): How processes are made.
        argv (list[str]): The script and its arguments.
        env (dict): Added to the environment.
        output (Path): File for what it prints.
        kill_after (float, optional): Seconds until all of its processes get
            SIGKILL. Defaults to None, for never.

    Raises:
        Unexpected: It does not end, or leaves processes behind.
    """
    # a pipe, since files may be made impossible to write
    pipe = output.with_suffix('.pipe')
    os.mkfifo(pipe)
    reader = threading.Thread(target=_copy, args=(pipe, output), daemon=True)
    reader.start()
    begin = time.monotonic()
    group = starter.start(argv, env, pipe)
    timer = threading.Timer(
        PATIENCE if kill_after is None else kill_after, _kill_group, [group])
    timer.start()
    code = starter.wait()
    seconds, ended = time.monotonic() - begin, time.time()
    timer.cancel()
    reader.join(LINGER)
    run = Run(code, output.read_text(errors='replace'), seconds, ended)
    fault = None
    if kill_after is None and seconds >= PATIENCE:
        fault = f'it hangs for {PATIENCE} s'
    elif reader.is_alive():
        _kill_group(group)
        fault = f'{LINGER} s after its end it still has processes'
    if fault:
        raise Unexpected(f'{fault}: {" ".join(argv)}; the output ends with:\n'
                         f'{run.output[-3000:]}')
    return run


def _copy(pipe: Path, output: Path) -> None:
    """Until the last process that may write into the pipe has ended."""
    with output.open('wb') as file, pipe.open('rb', buffering=0) as source:
        while True:
            data = source.read(1 << 16)
            if not data:
                break
            file.write(data)
            file.flush()
    pipe.unlink()


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has just ended by itself
