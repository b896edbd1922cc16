"""Workers and ranks that die, lag or hang, and losses that are no numbers."""
from pathlib import Path
from typing import Dict, Tuple

from .bench import Bench
from .cases import Outcome, fault, repeated, require
from .evidence import require_same_training

USER_ERROR = 2


@fault('kill -9 of workers of the data loader, five times')
def killed_worker(bench: Bench) -> Outcome:
    straight, moments = bench.straight, [0, 1, 3, 7, 9]
    run = bench.train(
        'worker', '--cfg-options', 'train_dataloader.num_workers=2',
        'train_dataloader.persistent_workers=True',
        fault=dict(do='kill_worker', after_iters=moments)).expect_code(0)
    count = require_same_training(straight, bench.root / 'worker')
    lines = run.lines('DataLoader worker')
    require(0 < len(lines) <= len(moments), f'{len(lines)} lines tell of it')
    return Outcome('recovered', lines[0], repeated(count))


def skip_one(bench: Bench, spoilt: str) -> Outcome:
    """Spoil numbers of the third iteration, which then must change nothing.

    Args:
        bench (:obj:`Bench`): Where.
        spoilt (str): ``'images'``, ``'features'`` or ``'gradients'``.
    """
    name = f'nan_{spoilt}'
    run = bench.train(
        name, fault=dict(nan_at=[2], nan_in=spoilt,
                         digests=True)).expect_code(0)
    check_skipped(read_digests(bench.root / name, 0), skipped=2)
    return Outcome('recovered', run.line(r'Tiny-01/img1'), 'one iteration')


@fault('images that are not numbers in one iteration', slow=True)
def nan_images(bench: Bench) -> Outcome:
    return skip_one(bench, 'images')


@fault('features that are not numbers, after the step of the TrackBook')
def nan_features(bench: Bench) -> Outcome:
    return skip_one(bench, 'features')


@fault('infinite gradients of a finite loss', slow=True)
def infinite_gradients(bench: Bench) -> Outcome:
    return skip_one(bench, 'gradients')


@fault('images that are not numbers from the third iteration on')
def nan_in_a_row(bench: Bench) -> Outcome:
    run = bench.train('nan_row', fault=dict(nan_at=list(range(2, 99))))
    line = run.expect_code(USER_ERROR).error_line('in a row')
    return Outcome('reported', line, 'nothing')


@fault('rank 1 of 2 lags by 5 s', slow=True)
def lagging_rank(bench: Bench) -> Outcome:
    bench.train_ranks(
        'lag', fault=dict(do='sleep', seconds=5, before_iter=2,
                          rank=1)).expect_code(0)
    count = require_same_training(bench.straight_ranks, bench.root / 'lag')
    return Outcome('recovered', '', repeated(count))


@fault('kill -9 of rank 1 of 2', slow=True)
def killed_rank(bench: Bench) -> Outcome:
    straight, clock = bench.straight_ranks, bench.root / 'rank_time'
    run = bench.train_ranks(
        'rank', fault=dict(do='kill', mid_iter=4, rank=1,
                           note_time=str(clock)))
    require(run.code == 1, f'exit code {run.code}')
    seconds = run.ended - float(clock.read_text())
    require(seconds < 60, f'rank 0 lived for {seconds:.0f} s more')
    line = run.line('exitcode: -9.* local_rank: 1')
    bench.train_ranks('rank', '--resume').expect_code(0)
    count = require_same_training(straight, bench.root / 'rank')
    return Outcome('recovered', line, repeated(count))


@fault('rank 1 of 2 hangs for longer than dist_cfg.timeout (20 s)', slow=True)
def hanging_rank(bench: Bench) -> Outcome:
    straight, clock = bench.straight_ranks, bench.root / 'hang_time'
    run = bench.train_ranks(
        'hang', '--cfg-options', 'env_cfg.dist_cfg.timeout=20',
        fault=dict(do='sleep', seconds=600, before_iter=4, rank=1,
                   note_time=str(clock)))
    require(run.code == 1, f'exit code {run.code}')
    seconds = run.ended - float(clock.read_text())
    require(20 <= seconds < 90, f'the run ended after {seconds:.0f} s')
    line = run.error_line('timeout')
    bench.train_ranks('hang', '--resume').expect_code(0)
    count = require_same_training(straight, bench.root / 'hang')
    return Outcome('recovered', line, repeated(count))


@fault('images that are not numbers on rank 1 of 2', slow=True)
def nan_on_one_rank(bench: Bench) -> Outcome:
    run = bench.train_ranks(
        'nan_rank', fault=dict(nan_at=[2], nan_rank=1,
                               digests=True)).expect_code(0)
    first, second = (
        read_digests(bench.root / 'nan_rank', rank) for rank in range(2))
    check_skipped(first, skipped=2)
    require(first == second, 'the ranks have different weights')
    return Outcome('recovered', run.line(r'Tiny-01'),
                   'one iteration, on both ranks')


def read_digests(work_dir: Path, rank: int) -> Dict[Tuple[int, str], str]:
    """Digest of all weights by iteration, ``before`` and ``after`` it."""
    text = (work_dir / f'digests_{rank}.txt').read_text()
    rows = [line.split() for line in text.splitlines()]
    return {(int(number), moment): digest for number, moment, digest in rows}


def check_skipped(digests: Dict[Tuple[int, str], str], skipped: int) -> None:
    """Raise unless one iteration, and no other, left everything as it was."""
    for number, moment in digests:
        if moment == 'before':
            same = digests[number, 'before'] == digests[number, 'after']
            require(same == (number == skipped),
                    f'iteration {number} changed weights: {not same}')
