"""Counts of hand-made functions are those one finds by reading them."""
import numpy as np
import pytest
import torch

from ipmot_mm.benchmark.op_counts import OpCounter, count_ops

X = torch.arange(32.).view(8, 4)
MASK = X[:, 0] > 10
INDS = torch.tensor([2, 1])
DEVICE = X.device


def _counts(function):
    counter = count_ops(function)
    return counter.kernels, counter.syncs, counter.uploads


@pytest.mark.parametrize('function, kernels', [
    (lambda: X + 1, 1),
    (lambda: (X.view(4, 8).t(), X[2], X[:, None].expand(-1, 3, -1)), 0),
    (lambda: (X.size(), X.shape, len(X), X.dtype), 0),
    (lambda: (torch.empty(3, device=DEVICE), X.new_empty(3)), 0),
    (lambda: torch.zeros(3, device=DEVICE), 1),
    (lambda: X.contiguous(), 0),
    (lambda: X.t().contiguous(), 1),
    (lambda: X.to(torch.float32), 0),
    (lambda: X.to(torch.float64), 1),
    (lambda: X.gather(0, INDS[:, None]), 1),
    (lambda: X[INDS], 1),
    (lambda: torch.where(MASK[:, None], X, 0.), 1),
    (lambda: X.new_zeros(0, 4) + 1, 0),
    (lambda: sum(X.unbind()), 8),
    (lambda: torch.cat([X, X]).relu_(), 2),
    (lambda: torch.nn.functional.linear(X, X, MASK.float()), 2),
    (lambda: torch.zeros(3) + torch.tensor([1., 2., 3.]), 0),
])
def test_kernels_without_any_sync(function, kernels):
    assert _counts(function) == (kernels, 0, 0)


@pytest.mark.parametrize('function, counts', [
    (lambda: bool(X.sum() > 0), (2, 1)),
    (lambda: X[0, 0].item(), (0, 1)),
    (lambda: int(X[0, 0]) + float(X[0, 1]), (0, 2)),
    (lambda: X[INDS[0]], (0, 1)),
    (lambda: f'{X.sum():.2f}', (1, 1)),
    (lambda: X[MASK], (1, 1)),
    (lambda: X.clone().__setitem__(MASK, 0.), (2, 0)),
    (lambda: X.clone().__setitem__(MASK, X[MASK]), (3, 2)),
    (lambda: MASK.nonzero(), (1, 1)),
    (lambda: torch.where(MASK), (1, 1)),
    (lambda: X.masked_select(MASK[:, None]), (1, 1)),
    (lambda: INDS.unique(), (1, 1)),
    (lambda: torch.repeat_interleave(X[:2], INDS, dim=0), (2, 1)),
    (lambda: torch.repeat_interleave(X, 2, dim=0), (1, 0)),
    (lambda: torch.equal(X, X), (1, 1)),
    (lambda: torch.isin(INDS, INDS), (1, 0)),
    (lambda: torch.isin(INDS, torch.cat([INDS] * 20)), (2, 1)),
    (lambda: X.cpu().numpy().sum(), (0, 1)),
    (lambda: X.cpu()[0, 0].item() + X.to('cpu').sum().item(), (0, 2)),
    (lambda: X.to('cpu', non_blocking=True), (0, 0)),
    (lambda: X.tolist(), (0, 1)),
    (lambda: X[0, 0].tolist(), (0, 1)),
    (lambda: np.asarray(X), (0, 1)),
    (lambda: torch.zeros(8, 4).copy_(X), (0, 1)),
    (lambda: torch.zeros(8, 4).copy_(X, non_blocking=True), (0, 0)),
])
def test_syncs(function, counts):
    assert _counts(function) == (*counts, 0)


@pytest.mark.parametrize('function, counts', [
    (lambda: torch.tensor([1, 2], device=DEVICE), (0, 0, 1)),
    (lambda: torch.as_tensor([1, 2], device=DEVICE), (0, 0, 1)),
    (lambda: torch.as_tensor(X, device=DEVICE), (0, 0, 0)),
    (lambda: X.new_tensor([1, 2]) + 1, (1, 0, 1)),
    (lambda: torch.from_numpy(np.zeros(3)).to(DEVICE) + 1, (1, 0, 1)),
    (lambda: torch.from_numpy(np.zeros(3)) + 1, (0, 0, 0)),
    (lambda: X[[0, 1]], (1, 0, 1)),
    (lambda: X.clone().copy_(torch.zeros(8, 4)), (1, 0, 1)),
    (lambda: torch.tensor([1.]).to(X), (0, 0, 1)),
])
def test_uploads(function, counts):
    assert _counts(function) == counts


def test_backward_and_inference_mode_count_operators_too():
    def train():
        (X.clone().requires_grad_()**2).sum().backward()

    with torch.no_grad():
        forward = count_ops(lambda: (X.clone()**2).sum()).kernels
    counter = count_ops(train)
    assert forward == 3 and counter.kernels > 3 and counter.syncs == 0
    layer = torch.nn.Linear(4, 4)
    with torch.inference_mode():
        assert count_ops(lambda: layer(X)).by_name == {'addmm': 1}


def test_syncs_name_who_asked_and_nothing_is_left_switched():
    with OpCounter() as counter:
        X.sum().item()
    (where, times), = counter.sync_lines.items()
    assert 'test_op_counts.py' in where and 'scalar' in where and times == 1
    assert counter.by_name == {'sum': 1}
    X.sum().item()
    assert counter.syncs == 1
    assert torch.from_numpy(np.zeros(2)).sum() == 0


def test_an_error_ends_the_counting():
    with pytest.raises(ZeroDivisionError), OpCounter() as counter:
        1 / 0
    X.sum().item()
    assert (counter.kernels, counter.syncs) == (0, 0)


def test_values_are_those_without_counting():
    with OpCounter():
        got = (X.cpu() + 1)[MASK].tolist(), X.new_tensor([3]).item()
    assert got == ((X + 1)[MASK].tolist(), 3)


def test_tensors_of_a_real_device_tell_where_they_are():
    host = torch.ones(3)
    with OpCounter('meta') as counter:
        device = host.to('meta')
        device = device + torch.tensor([1., 2., 3.], device='meta')
        device.new_tensor([1.])
        host.sum().item()
        torch.tensor([1.], device='cpu').item()
    assert counter.uploads_by_name == {
        '_to_copy': 1, 'tensor': 1, 'new_tensor': 1}
    assert counter.by_name == {'add': 1} and counter.syncs == 0


def test_named_tensors_are_on_the_host():
    with OpCounter(host_tensors=[INDS]) as counter:
        INDS.tolist()
        INDS[0].item()
        X[INDS.to(DEVICE)].sum()
    assert (counter.syncs, counter.uploads) == (0, 1)
    assert counter.by_name == {'index': 1, 'sum': 1}
