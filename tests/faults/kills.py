"""A training that is killed, and goes on."""
import random
import signal
from pathlib import Path
from typing import List

from .bench import Bench
from .cases import Outcome, fault, repeated, require
from .evidence import require_same_training

KILLED = -signal.SIGKILL
TERMINATED = 128 + signal.SIGTERM
TOO_LONG = -signal.SIGXFSZ
"""Killed by the kernel at the limit of a file's size."""
RESUMED = '--resume: '
NUM_RANDOM_KILLS = 4


def die_and_resume(bench: Bench, name: str, *faults: dict,
                   code: int = KILLED) -> Outcome:
    """Let a training die of each fault in turn, then finish it.

    Args:
        bench (:obj:`Bench`): Where.
        name (str): Of the work dir.
        faults (tuple[dict]): See ``injected.py``.
        code (int): How the process dies. Defaults to SIGKILL.
    """
    straight = bench.straight
    for number, each in enumerate(faults):
        resume = ['--resume'] if number else []
        bench.train(name, *resume, fault=each).expect_code(code)
    last = bench.train(name, '--resume').expect_code(0)
    count = require_same_training(straight, bench.root / name)
    leftovers = unfinished_files(bench.root / name)
    require(not leftovers, f'half-written files stay: {leftovers}')
    return Outcome('recovered', last.line(RESUMED), repeated(count))


def unfinished_files(folder: Path) -> List[str]:
    """Names of files that are no result of a training."""
    known = ('epoch_1.pth', 'epoch_2.pth', 'last_checkpoint', 'config.py')
    return [
        path.name for path in folder.iterdir()
        if path.is_file() and path.name not in known
    ]


@fault('kill -9 before the first checkpoint')
def kill_before_first_checkpoint(bench: Bench) -> Outcome:
    return die_and_resume(bench, 'first', dict(do='kill', after_iters=[2]))


@fault('kill -9 between the step of the TrackBook and that of the tracker')
def kill_inside_iteration(bench: Bench) -> Outcome:
    return die_and_resume(bench, 'inside', dict(do='kill', mid_iter=9))


@fault('kill -9 between two epochs', slow=True)
def kill_between_epochs(bench: Bench) -> Outcome:
    return die_and_resume(bench, 'between', dict(do='kill', before_epoch=1))


@fault('kill -9 in the middle of a validation', slow=True)
def kill_inside_validation(bench: Bench) -> Outcome:
    config = bench.config_with_validation
    bench.train('straight_val', config=config).expect_code(0)
    bench.train('val', config=config, fault=dict(
        do='kill', before_val_iter=3)).expect_code(KILLED)
    last = bench.train('val', '--resume', config=config).expect_code(0)
    count = require_same_training(bench.root / 'straight_val',
                                  bench.root / 'val')
    return Outcome('recovered', last.line(RESUMED), repeated(count))


@fault('death in the middle of writing a checkpoint: within the epoch, after '
       'it, then the last one')
def kill_writing_checkpoint(bench: Bench) -> Outcome:
    half = bench.checkpoint_size // 2
    names = 'recovery.pth', 'epoch_1.pth', 'epoch_2.pth'
    return die_and_resume(
        bench,
        'writing',
        *(dict(do='die_full', writing=name, bytes=half) for name in names),
        code=TOO_LONG)


@fault('kill -9 between writing a checkpoint and giving it its name',
       slow=True)
def kill_naming_checkpoint(bench: Bench) -> Outcome:
    return die_and_resume(bench, 'naming',
                          dict(do='kill', renaming='epoch_1.pth'),
                          dict(do='kill', renaming='epoch_2.pth'))


@fault('death in the middle of writing last_checkpoint')
def kill_writing_pointer(bench: Bench) -> Outcome:
    return die_and_resume(
        bench,
        'pointer',
        dict(do='die_full', writing='last_checkpoint', bytes=10),
        code=TOO_LONG)


@fault(f'kill -9 at a random time of {NUM_RANDOM_KILLS} trainings', slow=True)
def kill_at_random_times(bench: Bench) -> Outcome:
    straight, times = bench.straight, random.Random(bench.seed)
    seconds: List[str] = []
    total = 0
    for number in range(NUM_RANDOM_KILLS):
        # a training of its own each time: what is left of one is short
        folder = f'random_{number}'
        delay = times.uniform(0.2, 0.9) * bench.straight_seconds
        run = bench.train(folder, kill_after=delay).expect_code(0, KILLED)
        if run.code == KILLED:
            seconds.append(f'{delay:.1f}')
            bench.train(folder, '--resume').expect_code(0)
        total += require_same_training(straight, bench.root / folder)
    require(bool(seconds), 'every training ended before it was killed')
    return Outcome(
        'recovered', f'killed after {", ".join(seconds)} s of '
        f'{bench.straight_seconds:.1f} (seed {bench.seed})', repeated(total))


@fault('Ctrl-C in the middle of an iteration')
def interrupt(bench: Bench) -> Outcome:
    straight = bench.straight
    run = bench.train('interrupt', fault=dict(do='interrupt', mid_iter=4))
    line = run.expect_code(-signal.SIGINT, 130, 1).line('^interrupted')
    bench.train('interrupt', '--resume').expect_code(0)
    count = require_same_training(straight, bench.root / 'interrupt')
    return Outcome('recovered', line, repeated(count))


@fault('SIGTERM in the middle of an iteration')
def terminate(bench: Bench) -> Outcome:
    straight, folder = bench.straight, bench.root / 'terminate'
    run = bench.train('terminate', fault=dict(do='terminate', mid_iter=4))
    line = run.expect_code(TERMINATED).line('^terminated')
    bench.train('terminate', '--resume').expect_code(0)
    count = require_same_training(straight, folder)
    require(count == 0, f'{count} iterations were repeated')
    return Outcome('recovered', line, repeated(count))


@fault('SIGTERM to the launcher of 2 ranks', slow=True)
def terminate_ranks(bench: Bench) -> Outcome:
    straight, folder = bench.straight_ranks, bench.root / 'terminate_ranks'
    run = bench.train_ranks(
        'terminate_ranks',
        fault=dict(do='terminate_launcher', mid_iter=4, rank=1))
    require(run.code not in (0, KILLED), f'exit code {run.code}')
    line = run.line('^terminated')
    bench.train_ranks('terminate_ranks', '--resume').expect_code(0)
    count = require_same_training(straight, folder)
    require(count == 0, f'{count} iterations were repeated')
    return Outcome('recovered', line, repeated(count))
