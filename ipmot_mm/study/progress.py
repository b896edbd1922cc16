"""How far a study is, and how long the rest may take."""
import sys
import time
from typing import Dict, List, Optional, TextIO

from tqdm import tqdm

from .definition import Study
from .plan import Plan, Run
from .records import (is_complete, is_trained, missing_tests, read_result,
                      seconds_of)

FORMAT = ('{desc} {percentage:3.0f}%|{bar}| {n:.1f}/{total:.0f} runs '
          '[{elapsed}<{remaining}]{postfix}')
MAX_NAMED = 3


class StudyProgress:
    """One bar over all runs in a terminal, lines elsewhere; parts count.

    Args:
        total (int): Number of runs to do.
        name (str): Of the study.
        stream (TextIO, optional): Defaults to None, for standard error.
    """

    def __init__(self,
                 total: int,
                 name: str,
                 stream: Optional[TextIO] = None) -> None:
        self.stream = stream or sys.stderr
        self.total = total
        self.finished = 0
        self.started = time.perf_counter()
        self.bar = tqdm(
            total=total,
            desc=name,
            file=self.stream,
            bar_format=FORMAT,
            smoothing=0,  # runs of a study differ in length
            mininterval=0.5,
            dynamic_ncols=True,
            disable=None)  # None: only in a terminal

    def update(self, active: Dict[str, float]) -> None:
        """Show the parts of the runs that are worked on.

        Args:
            active (dict[str, float]): Finished part by label.
        """
        if self.bar.disable:
            return
        parts = [f'{label} {100 * part:.0f}%'
                 for label, part in list(active.items())[:MAX_NAMED]]
        self.bar.set_postfix_str(', '.join(parts), refresh=False)
        self.bar.n = self.finished + sum(active.values())
        self.bar.refresh()

    def end_run(self, line: str) -> None:
        """A run is over.

        Args:
            line (str): What to say about it.
        """
        self.finished += 1
        seconds = time.perf_counter() - self.started
        left = seconds / self.finished * (self.total - self.finished)
        self.say(f'[{self.finished}/{self.total}] {line}; '
                 f'{format_duration(left)} left')

    def say(self, line: str) -> None:
        """Write a line above the bar.

        Args:
            line (str): Without its end.
        """
        tqdm.write(line, file=self.stream)
        self.stream.flush()

    def close(self) -> None:
        """Remove the bar."""
        self.bar.leave = False
        self.bar.close()


def format_duration(seconds: float) -> str:
    """A time span as a person would say it.

    Args:
        seconds (float): The time.

    Returns:
        str: Such as ``'40 s'``, ``'12 min'`` or ``'3 h 05 min'``.

    Example:
        >>> format_duration(11100)
        '3 h 05 min'
    """
    if seconds < 90:
        return f'{seconds:.0f} s'
    minutes = round(seconds / 60)
    if minutes < 90:
        return f'{minutes} min'
    return f'{minutes // 60} h {minutes % 60:02d} min'


def describe_plan(study: Study, plan: Plan) -> str:
    """What is to do, and how long it may take.

    Args:
        study (:obj:`Study`): The study.
        plan (:obj:`Plan`): Its runs.

    Returns:
        str: A line per run and a sum.
    """
    lines = [
        f'to be made first: {needed.creates}, by: {needed.command}'
        for needed in study.prerequisites if needed.is_missing()
    ]
    estimate = Estimate(plan.runs)
    total = 0.0
    for run in plan.runs:
        seconds = estimate.seconds_left(run)
        total += seconds or 0.0
        left = f', about {format_duration(seconds)}' if seconds else ''
        lines.append(f'{run.label}: {_state_of(run)}{left} ({run.folder})')
    left = sum(not is_complete(run) for run in plan.runs)
    about = f', about {format_duration(total)} in one job' if total else ''
    return '\n'.join([*lines, f'{left} of {len(plan.runs)} runs to do{about}'])


class Estimate:
    """How long runs may take, from those that are done.

    Args:
        runs (list[:obj:`Run`]): Some of which are done.
    """

    def __init__(self, runs: List[Run]) -> None:
        self._by_row: Dict[str, List[float]] = {}
        for run in runs:
            if is_complete(run):
                self._by_row.setdefault(run.name, []).append(
                    seconds_of(read_result(run)))

    def seconds_left(self, run: Run) -> Optional[float]:
        """Seconds of one run.

        Args:
            run (:obj:`Run`): The run.

        Returns:
            float | None: 0 for a complete one, None where nothing is known.
        """
        if is_complete(run):
            return 0.0
        known = self._by_row.get(run.name) or [
            seconds for each in self._by_row.values() for seconds in each
        ]
        return sum(known) / len(known) if known else None


def _state_of(run: Run) -> str:
    if is_complete(run):
        return 'done'
    if is_trained(run):
        names = [run.test_names[key] for key in missing_tests(run)]
        return f'to be tested on {", ".join(names)}'
    if not run.trains:
        return 'to be tested'
    begun = any(run.folder.glob('*.pth'))
    return 'to go on' if begun else 'to be trained'
