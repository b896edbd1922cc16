"""The sum of the losses, as mmengine forms it."""
import pytest
import torch
from mmengine.model import BaseModel

from ipmot_mm.benchmark.op_counts import count_ops
from ipmot_mm.models.mot.loss_total import total_loss


def make_losses(leaf):
    """Scalars, a vector, a list, and what is no loss."""
    return {
        'd0.loss_cls': leaf[0] * 2,
        'num_objects': torch.tensor(40.0),
        'loss_cls': leaf[1:3]**2,
        'loss_parts': [leaf[3], leaf[:2] * 3]
    }


def test_equals_mmengine():
    leaf = torch.randn(4, requires_grad=True)
    ours, logged = total_loss(make_losses(leaf))
    parse = BaseModel.parse_losses
    theirs, expected = parse(None, make_losses(leaf))
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad(x, leaf)[0]
                                 for x in (ours, theirs)))
    assert list(logged) == list(expected)
    for name, value in logged.items():
        assert not value.requires_grad
        torch.testing.assert_close(value, expected[name].detach())


def test_kernels_do_not_grow_with_the_keys():
    values = torch.rand(29).unbind()
    counts = count_ops(total_loss,
                       {f'loss{i}': value for i, value in enumerate(values)})
    assert counts.kernels == 2 and counts.syncs == 0


def test_numbers_are_refused():
    with pytest.raises(TypeError, match="value 'loss_x' of the losses must be"
                       " a tensor .*got float. Wrap a number"):
        total_loss(dict(loss_x=1.5))
