"""Gathering of the selected queries."""
from dataclasses import FrozenInstanceError

import pytest
import torch

from ipmot_mm.structures import QuerySelection


@pytest.fixture
def selection():
    inds = torch.tensor([[6, 0, 2], [1, 1, 0]])
    return QuerySelection(
        query_inds=inds,
        valid=torch.tensor([[True, True, True], [True, True, False]]),
        ids=inds,
        labels=inds,
        scores=inds.float(),
        ious=inds.float(),
        num_frames_missed=inds)


@pytest.mark.parametrize('shape', [(2, 7), (2, 7, 5)])
@pytest.mark.parametrize('dtype', [torch.float64, torch.int64, torch.bool])
def test_gather_takes_the_rows_of_each_sample(selection, shape, dtype):
    values = (torch.rand(shape) * 9).to(dtype)
    got = selection.gather(values)
    assert got.dtype == dtype and got.shape == (2, 3, *shape[2:])
    for n in range(2):
        for s in range(3):
            row = selection.query_inds[n, s]
            assert torch.equal(got[n, s], values[n, row])


def test_gather_carries_gradient_to_the_chosen_alone(selection):
    values = torch.rand(2, 7, 5, requires_grad=True)
    selection.gather(values).sum().backward()
    expected = torch.zeros(2, 7)
    for n, s in ((0, 6), (0, 0), (0, 2), (1, 1), (1, 1), (1, 0)):
        expected[n, s] += 1
    assert torch.equal(values.grad, expected[..., None].expand(2, 7, 5))


def test_gather_of_nothing(selection):
    nothing = selection.query_inds[:, :0]
    empty = QuerySelection(*[nothing] * 7)
    assert empty.gather(torch.rand(2, 7, 5)).shape == (2, 0, 5)
    assert empty.gather(torch.rand(2, 7)).shape == (2, 0)


def test_fields_cannot_be_set(selection):
    with pytest.raises(FrozenInstanceError):
        selection.ids = selection.ids + 1
