"""A step of a table taken back, for any optimiser of sparse gradients."""
import copy

import pytest
import torch
import torch.nn.functional as F

from ipmot_mm.engine.optim import RowwiseAdamW
from ipmot_mm.models.mot.row_backup import RowBackup

OPTIMIZERS = {
    'rowwise': lambda table: RowwiseAdamW([table], lr=0.1),
    'sparse_adam': lambda table: torch.optim.SparseAdam([table], lr=0.1),
    'sgd': lambda table: torch.optim.SGD([table], lr=0.1)
}


def step(optimizer, table, rows, scale=1.0):
    optimizer.zero_grad()
    picked = F.embedding(torch.tensor(rows), table, sparse=True)
    (scale * (picked**2).sum()).backward()
    optimizer.step()


def equal(first, second):
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(
            equal(first[key], second[key]) for key in first)
    if isinstance(first, torch.Tensor):
        if first.is_sparse:
            first, second = first.to_dense(), second.to_dense()
        return torch.equal(first, second)
    return first == second


@pytest.mark.parametrize('name', OPTIMIZERS)
@pytest.mark.parametrize('num_before', [0, 1, 2])
def test_what_a_bad_step_did_is_undone(name, num_before):
    table = torch.nn.Parameter(torch.randn(5, 3))
    optimizer = OPTIMIZERS[name](table)
    for rows in ([0, 1], [1, 3])[:num_before]:
        step(optimizer, table, rows)
    before = table.detach().clone()
    state = copy.deepcopy(optimizer.state_dict()['state'])
    backup = RowBackup(optimizer, table, torch.tensor([1, 4]))
    step(optimizer, table, [1, 4], scale=torch.nan)
    assert table[[1, 4]].isnan().all()
    backup.restore()
    assert torch.equal(table, before)
    assert equal(optimizer.state_dict()['state'], state)
    step(optimizer, table, [1, 4])
    assert table.isfinite().all()


def test_only_the_rows_of_the_step_are_copied():
    table = torch.nn.Parameter(torch.randn(1000, 3))
    optimizer = RowwiseAdamW([table])
    step(optimizer, table, [3])
    backup = RowBackup(optimizer, table, torch.tensor([3, 9]))
    sizes = [backup.values, *backup.state.values()]
    assert [len(value) for value in sizes] == [2] * 4
