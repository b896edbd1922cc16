"""Two ranks are killed together and go on; then one goes on alone."""
import os

import pytest
import torch
import torch.multiprocessing as mp
from line_runs import run
from torch import distributed

LENGTH = 3  # iterations of an epoch: 12 samples, 2 ranks, 2 each
DONE = LENGTH + 1


def _train_on_rank(rank, folder):
    torch.set_num_threads(1)
    os.environ['LOCAL_RANK'] = str(rank)  # as a launcher does
    distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    cfg = dict(launcher='pytorch', env_cfg=dict(dist_cfg=dict(backend='gloo')))
    straight = run(f'{folder}/a', **cfg)[1]
    run(f'{folder}/b', kill_after=DONE, **cfg)
    run(f'{folder}/c', kill_after=DONE, **cfg)
    distributed.barrier()  # the first rank writes the file
    rest = run(f'{folder}/b', resume=True, **cfg)[1]
    torch.save((straight, rest), f'{folder}/rank{rank}.pth')
    distributed.destroy_process_group()


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('ranks')
    mp.spawn(_train_on_rank, (str(folder), ), nprocs=2)
    return folder


@pytest.fixture(scope='module')
def ranks(folder):
    return [torch.load(folder / f'rank{rank}.pth') for rank in range(2)]


def test_each_rank_goes_on_as_if_nothing_had_happened(ranks):
    for straight, rest in ranks:
        assert sorted(straight) == list(range(3 * LENGTH))
        assert rest == {i: straight[i] for i in range(DONE, 3 * LENGTH)}


def test_random_numbers_differ_between_ranks(ranks):
    noises = [[row[5] for row in straight.values()] for straight, _ in ranks]
    assert len({*noises[0], *noises[1]}) == 2 * 3 * LENGTH


def test_one_process_goes_on_at_the_same_clip(folder, tmp_path):
    _, rows = run(tmp_path / 'alone')
    runner, rest = run(folder / 'c', resume=True)
    assert min(rest) == 6 + 2  # of 6 in an epoch, 4 clips of the second done
    assert runner.iter == runner.max_iters == 18
    for i, row in rest.items():
        assert row[:3] == rows[i][:3]
        assert row[4] == pytest.approx(rows[i][4], rel=1e-9)
