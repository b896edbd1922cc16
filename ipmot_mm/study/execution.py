"""All runs of a study, from its prerequisites to the word on what failed."""
import importlib.util
import os
import signal
import subprocess
import sys
from typing import Any, Callable, List, Optional, Sequence

from ipmot_mm.user_errors import INTERRUPTED, CommandError

from .definition import Prerequisite, Study
from .plan import Plan
from .pool import DONE, FAILED, Outcome, Pool
from .progress import StudyProgress, format_duration
from .records import LOG, is_complete, read_result

FAILED_CODE = 1
PRELOADED = ('torchvision', 'open_clip', 'scipy.optimize', 'trackeval')
"""What runs import late, each for itself: seconds of each process."""


def prepare(prerequisites: Sequence[Prerequisite], *, make: bool) -> None:
    """See that all prerequisites are there.

    Args:
        prerequisites (list[:obj:`Prerequisite`]): In their order.
        make (bool): Whether to make those that are missing.

    Raises:
        CommandError: If one is missing, or cannot be made.
    """
    for needed in prerequisites:
        if not needed.is_missing():
            continue
        if not make:
            raise CommandError(
                f'{needed.creates} is missing, which the study starts from; '
                f'add --prepare, or run: {needed.command}')
        sys.stderr.write(
            f'making {needed.creates}: {needed.command}\n')
        done = subprocess.run(needed.command, shell=True, check=False)
        if done.returncode or needed.is_missing():
            raise CommandError(
                f'{needed.creates} was not made, its command ended with code '
                f'{done.returncode}: {needed.command}')


def execute(study: Study,
            plan: Plan,
            *,
            jobs: int = 1,
            gpus: Optional[str] = None,
            work: Optional[Callable] = None) -> int:
    """Do all runs that are not complete.

    Args:
        study (:obj:`Study`): The study.
        plan (:obj:`Plan`): Its runs.
        jobs (int): Runs at a time. Defaults to 1.
        gpus (str, optional): Numbers of GPUs with commas. Defaults to None.
        work (Callable, optional): Does a run. Defaults to None, for
            :func:`~.work.carry_out`.

    Returns:
        int: 0, 1 where a run failed, 130 after Ctrl-C.
    """
    left = [run for run in plan.runs if not is_complete(run)]
    done = len(plan.runs) - len(left)
    if not left:
        return 0
    if work is None:
        work = load_work()
    pool = Pool(work, jobs=jobs, gpus=gpus.split(',') if gpus else None)
    progress = StudyProgress(len(left), study.name)
    progress.say(f'{study.name}: {len(left)} runs to do, {done} done before')
    outcomes: List[Outcome] = []

    def on_end(outcome: Outcome) -> None:
        outcomes.append(outcome)
        progress.end_run(_line_of(outcome))

    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        pool.run_all(left, on_end, progress.update)
    except KeyboardInterrupt:
        progress.close()
        sys.stderr.write('interrupted; the same command goes on\n')
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
        progress.close()
    return _report(outcomes)


def load_work() -> Callable:
    """Import all that a run needs, once for all processes.

    Returns:
        Callable: :func:`~.work.carry_out`.
    """
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    import torch
    torch.set_num_threads(1)
    from ipmot_mm.registry import HOOKS

    from .work import carry_out
    HOOKS.get('ProgressBarHook')  # imports all locations
    for name in PRELOADED:
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    return carry_out


def _line_of(outcome: Outcome) -> str:
    run = outcome.run
    head = f'{run.label}: '
    if outcome.status == FAILED:
        return f'{head}FAILED: {outcome.message}'
    if outcome.status != DONE:
        return f'{head}left to another process that works on it'
    tests = read_result(run)['tests']
    scores = ' '.join(
        f'{tests[key]["name"]} {100 * tests[key]["scores"]["HOTA"]:.1f}'
        for key in run.tests if 'HOTA' in tests[key]['scores'])
    return f'{head}HOTA {scores} ({format_duration(outcome.seconds)})'


def _report(outcomes: List[Outcome]) -> int:
    """Say which runs failed."""
    failed = [each for each in outcomes if each.status == FAILED]
    for outcome in failed:
        sys.stderr.write(f'failed: {outcome.run.label}: {outcome.message}; '
                         f'log: {outcome.run.folder / LOG}\n')
    return FAILED_CODE if failed else 0


def _interrupt(*args: Any) -> None:
    raise KeyboardInterrupt
