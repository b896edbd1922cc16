"""Two processes on gloo against the same crops in one process."""
import os

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.models.track_book.feature_gather import gather_features
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg

CASES = ([[2, 0, 2], []], [[1], [0, 4, 1, 3]], [[], []])


def make_head():
    head = TrackBookHead(
        clip=dict(model_cfg=tiny_clip_cfg()), num_context_tokens=2)
    head.set_identity_map(
        IdentityMap.from_keys([('d', 'v', i) for i in range(5)]))
    return head


def crops_of(case, rank):
    identities = torch.tensor(CASES[case][rank], dtype=torch.long)
    generator = torch.Generator().manual_seed(10 * case + rank)
    return torch.randn(len(identities), 64, generator=generator), identities


def train_on_rank(rank, folder):
    """Ranks weigh their loss by 1 and 2, so that only a mean gives 1.5."""
    os.environ.setdefault('GLOO_SOCKET_IFNAME', 'lo')
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/rendezvous', rank=rank,
        world_size=2)
    results = []
    for case in range(len(CASES)):
        head = make_head()
        features, identities = gather_features(*crops_of(case, rank))
        losses = head.loss(features, identities)
        if losses:
            ((rank + 1) * sum(losses.values())).backward()
        grad = head.tokens.grad
        results.append((features, identities,
                        None if grad is None else grad.to_dense(),
                        {k: v.detach() for k, v in losses.items()}))
    torch.save(results, f'{folder}/rank{rank}.pt')
    dist.destroy_process_group()


@pytest.fixture(scope='module')
def results_of_ranks(tmp_path_factory):
    folder = tmp_path_factory.mktemp('ranks')
    mp.spawn(train_on_rank, args=(str(folder), ), nprocs=2)
    return [torch.load(folder / f'rank{rank}.pt') for rank in range(2)]


@pytest.mark.parametrize('case', (0, 1))
def test_two_ranks_equal_one(results_of_ranks, case):
    parts = [crops_of(case, rank) for rank in range(2)]
    features, identities = (torch.cat(part) for part in zip(*parts))
    head = make_head()
    losses = head.loss(features, identities)
    sum(losses.values()).backward()
    for results in results_of_ranks:
        got_features, got_identities, grad, got_losses = results[case]
        assert torch.equal(got_features, features)
        assert torch.equal(got_identities, identities)
        torch.testing.assert_close(
            got_losses, {k: v.detach() for k, v in losses.items()})
        torch.testing.assert_close(grad, 1.5 * head.tokens.grad.to_dense())
    assert torch.equal(results_of_ranks[0][case][2],
                       results_of_ranks[1][case][2])


def test_no_crops_on_any_rank(results_of_ranks):
    for results in results_of_ranks:
        features, identities, grad, losses = results[2]
        assert features.shape == (0, 64) and len(identities) == 0
        assert grad is None and losses == {}


def test_single_process_gets_its_own_crops():
    features, identities = crops_of(1, 1)
    got = gather_features(features, identities)
    assert got[0] is features and got[1] is identities
