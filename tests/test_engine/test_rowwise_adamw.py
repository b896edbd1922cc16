"""Row-wise AdamW against torch's AdamW on tables and on single rows."""
import io

import pytest
import torch
import torch.nn.functional as F

from ipmot_mm.engine.optim import RowwiseAdamW
from ipmot_mm.registry import OPTIMIZERS

SETTINGS = dict(lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.3)


def step(optimizer, table, rows, target):
    """One step on a loss that reads some rows only."""
    optimizer.zero_grad()
    inds = torch.tensor(rows, dtype=torch.long)
    picked = F.embedding(inds, table, sparse=True)
    ((picked - target[inds])**2).sum().backward()
    optimizer.step()


def test_all_rows_every_step_equals_adamw():
    start, target = torch.randn(5, 3), torch.randn(5, 3)
    sparse = torch.nn.Parameter(start.clone())
    dense = torch.nn.Parameter(start.clone())
    rowwise = RowwiseAdamW([sparse], **SETTINGS)
    reference = torch.optim.AdamW([dense], **SETTINGS)
    for number in range(20):
        for group in rowwise.param_groups + reference.param_groups:
            group['lr'] = 0.02 / (1 + number)  # as a scheduler does
        step(rowwise, sparse, range(5), target)
        reference.zero_grad()
        ((dense - target)**2).sum().backward()
        reference.step()
    torch.testing.assert_close(sparse, dense, rtol=1e-5, atol=1e-6)


def test_each_row_equals_its_own_adamw():
    """A row that is seen now and then moves as if nothing else existed."""
    start, target = torch.randn(4, 3), torch.randn(4, 3)
    table = torch.nn.Parameter(start.clone())
    optimizer = RowwiseAdamW([table], **SETTINGS)
    schedule = [[0], [0, 2], [2, 1], [0], [1, 0], [2], [0, 1, 2]]
    for rows in schedule:
        step(optimizer, table, rows, target)
    for row in range(4):
        alone = torch.nn.Parameter(start[row].clone())
        reference = torch.optim.AdamW([alone], **SETTINGS)
        for _ in range(sum(row in rows for rows in schedule)):
            reference.zero_grad()
            ((alone - target[row])**2).sum().backward()
            reference.step()
        torch.testing.assert_close(
            table[row], alone, rtol=1e-5, atol=1e-6, msg=f'row {row}')


def test_absent_rows_stay_bit_identical():
    table = torch.nn.Parameter(torch.randn(6, 3))
    optimizer = RowwiseAdamW([table], **SETTINGS)
    step(optimizer, table, range(6), torch.zeros(6, 3))  # builds momentum
    before = table.detach().clone()
    for _ in range(3):
        step(optimizer, table, [1, 4], torch.zeros(6, 3))
    assert torch.equal(table[[0, 2, 3, 5]], before[[0, 2, 3, 5]])
    assert (table[[1, 4]] != before[[1, 4]]).all()


def test_repeated_rows_add_their_gradients():
    target = torch.zeros(2, 3)
    tables = [torch.nn.Parameter(torch.ones(2, 3)) for _ in range(2)]
    optimizers = [RowwiseAdamW([t], eps=1., lr=0.1) for t in tables]
    step(optimizers[0], tables[0], [1, 1], target)
    inds = torch.tensor([1])
    (2 * F.embedding(inds, tables[1], sparse=True)**2).sum().backward()
    optimizers[1].step()
    torch.testing.assert_close(tables[0], tables[1])


def test_rows_allocated_after_construction():
    table = torch.nn.Parameter(torch.zeros(0, 3))
    optimizer = RowwiseAdamW([table], lr=0.1)
    table.data = torch.randn(4, 3)
    before = table.detach().clone()
    step(optimizer, table, [3], torch.zeros(4, 3))
    assert (table[3] != before[3]).all()
    assert torch.equal(table[:3], before[:3])


def test_state_dict_round_trip_continues_alike():
    target = torch.randn(4, 3)
    first = torch.nn.Parameter(torch.randn(4, 3))
    optimizer = RowwiseAdamW([first], **SETTINGS)
    for rows in ([0, 1], [1], [3, 0]):
        step(optimizer, first, rows, target)
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    second = torch.nn.Parameter(first.detach().clone())
    resumed = RowwiseAdamW([second], lr=1.)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    for rows in ([1, 2], [0, 3]):
        step(optimizer, first, rows, target)
        step(resumed, second, rows, target)
    assert torch.equal(first, second)


def test_builds_from_config_and_skips_parameters_without_gradient():
    table = torch.nn.Parameter(torch.ones(2, 3))
    optimizer = OPTIMIZERS.build(
        dict(type='RowwiseAdamW', params=[table], lr=3.5e-4))
    optimizer.step()
    assert torch.equal(table, torch.ones(2, 3))


def test_bad_input_is_named():
    table = torch.nn.Parameter(torch.ones(2, 3))
    with pytest.raises(ValueError, match='must not be negative, got -1'):
        RowwiseAdamW([table], lr=-1)
    with pytest.raises(ValueError, match=r'betas must lie in \[0, 1\)'):
        RowwiseAdamW([table], betas=(0.9, 1.0))
    optimizer = RowwiseAdamW([table])
    table.sum().backward()
    with pytest.raises(TypeError, match=r'sparse gradients, got a dense one'):
        optimizer.step()
    table.grad = None
    step(optimizer, table, [0], torch.zeros(2, 3))
    table.data = torch.ones(5, 3)
    with pytest.raises(ValueError, match=r'moments of shape \(2, 3\)'):
        step(optimizer, table, [0], torch.zeros(5, 3))
