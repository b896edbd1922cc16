"""Attention in few kernels is that of torch and of mmcv."""
import inspect
import itertools

import pytest
import torch
from mmcv.cnn.bricks.transformer import MultiheadAttention
from torch import nn

from ipmot_mm.benchmark.op_counts import count_ops
from ipmot_mm.models.layers.query_attention import QueryAttention, attend

DIMS, HEADS = 12, 3
CFG = dict(embed_dims=DIMS, num_heads=HEADS, batch_first=True)


def inputs(shared, num_queries=5):
    query, key, value = torch.randn(3, 2, num_queries, DIMS).double()
    if shared == 'all':
        key = value = query
    elif shared == 'query and key':
        key = query
    valid = torch.rand(2, num_queries) < 0.6
    valid[:, 0] = True
    return query, key, value, valid


@pytest.mark.parametrize('shared', ['all', 'query and key', 'nothing'])
def test_equals_the_module(shared):
    attention = nn.MultiheadAttention(DIMS, HEADS, batch_first=True).double()
    nn.init.normal_(attention.in_proj_bias)
    nn.init.normal_(attention.out_proj.bias)
    query, key, value, valid = inputs(shared)
    expected = attention(
        query, key, value, key_padding_mask=~valid, need_weights=True)[0]
    torch.testing.assert_close(
        attend(attention, query, key, value, valid), expected, atol=1e-12,
        rtol=0)


def test_bias_and_padding_by_hand():
    """softmax(q k / sqrt(d) + bias) v, query by query and head by head."""
    attention = nn.MultiheadAttention(DIMS, HEADS, batch_first=True).double()
    nn.init.normal_(attention.in_proj_bias)
    *sources, valid = inputs('nothing')
    valid[1, 3] = False
    bias = torch.randn(2, HEADS, 5, 5).double().requires_grad_()
    rows = zip(attention.in_proj_weight.chunk(3),
               attention.in_proj_bias.chunk(3))
    q, k, v = (source @ weight.T + offset
               for source, (weight, offset) in zip(sources, rows))
    width, expected = DIMS // HEADS, torch.zeros_like(q)
    for sample, query, head in itertools.product(range(2), range(5),
                                                 range(HEADS)):
        part = slice(head * width, (head + 1) * width)
        keys = valid[sample]
        logits = k[sample, keys, part] @ q[sample, query, part] / width**0.5
        weights = (logits + bias[sample, head, query, keys]).softmax(0)
        expected[sample, query, part] = weights @ v[sample, keys, part]
    found = attend(attention, *sources, valid, bias)
    torch.testing.assert_close(found, attention.out_proj(expected))
    found.sum().backward()
    seen = valid[:, None, None].expand_as(bias)
    assert bias.grad[seen].any() and not bias.grad[~seen].any()


@pytest.mark.parametrize('padded', [True, False])
def test_without_bias(padded):
    attention = nn.MultiheadAttention(DIMS, HEADS, batch_first=True).double()
    *sources, valid = inputs('all')
    valid = valid if padded else None
    nothing = torch.zeros(2, HEADS, 5, 5).double()
    torch.testing.assert_close(
        attend(attention, *sources, valid, nothing),
        attend(attention, *sources, valid))


def test_gradients_and_dropout_of_the_function():
    attention = nn.MultiheadAttention(
        DIMS, HEADS, batch_first=True, dropout=0.5).double()
    query, key, value, valid = inputs('nothing')
    first, second = (
        attend(attention, query, key, value, valid) for _ in range(2))
    assert not torch.equal(first, second)
    first.sum().backward()
    assert all(each.grad.abs().sum() > 0 for each in attention.parameters()
               if each is not attention.in_proj_bias)
    attention.eval()
    assert torch.equal(
        attend(attention, query, key, value, valid),
        attend(attention, query, key, value, valid))


@torch.no_grad()
@pytest.mark.parametrize('shared, most', [
    ('all', 4), ('query and key', 5), ('nothing', 6)])
def test_few_kernels(shared, most):
    attention = nn.MultiheadAttention(DIMS, HEADS, batch_first=True).double()
    counter = count_ops(attend, attention, *inputs(shared))
    assert counter.kernels <= most, counter.by_name


def make_pair(**cfg):
    theirs = MultiheadAttention(**CFG, **cfg)
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    ours = QueryAttention(**CFG, **cfg)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


@pytest.mark.filterwarnings('ignore:The arguments `dropout`')
def test_dropout_of_one_layer_is_none_of_the_next():
    """mmcv keeps it for all layers to come, and reads it back."""
    default = inspect.signature(
        MultiheadAttention).parameters['dropout_layer'].default
    MultiheadAttention(**CFG, dropout=0.3)
    assert MultiheadAttention(**CFG).dropout_layer.p == 0.3  # the trap
    assert QueryAttention(**CFG).dropout_layer.p == 0
    noisy = QueryAttention(**CFG, dropout=0.2)
    assert noisy.attn.dropout == noisy.dropout_layer.p == 0.2
    assert QueryAttention(**CFG).dropout_layer.p == 0
    assert default['drop_prob'] == 0.3


@pytest.mark.parametrize('padded', [True, False])
def test_equals_mmcv_with_all_gradients(padded):
    results = []
    valid = torch.tensor([[True] * 5, [True, False, True, True, False]])
    query, position = torch.randn(2, 2, 5, 12, dtype=torch.double)
    for module in (module.double() for module in make_pair()):
        inputs = [query.clone().requires_grad_(),
                  position.clone().requires_grad_()]
        if isinstance(module, QueryAttention):
            output = module(*inputs, valid if padded else None)
        else:
            output = module(
                inputs[0], query_pos=inputs[1], key_pos=inputs[1],
                key_padding_mask=~valid if padded else None)
        wanted = [*inputs, *module.parameters()]
        results.append([
            output, *torch.autograd.grad((output[valid]**3).sum(), wanted)])
    for found, expected in zip(*results):
        torch.testing.assert_close(found, expected)


def test_values_of_padding_are_never_read():
    ours, _ = make_pair()
    valid = torch.tensor([[True, True, True, False]])
    query, position = torch.randn(2, 1, 4, 12)
    expected = ours(query[:, :3], position[:, :3], None)
    query[:, 3], position[:, 3] = 1e3, -1e3
    torch.testing.assert_close(
        ours(query, position, valid)[:, :3], expected)


def test_dropout_of_queries_acts_in_training_alone():
    ours, _ = make_pair(attn_drop=0.5)
    query, position = torch.randn(2, 1, 8, 12)
    first, second = (ours(query, position, None) for _ in range(2))
    assert not torch.allclose(first, second)
    ours.eval()
    first, second = (ours(query, position, None) for _ in range(2))
    assert torch.equal(first, second)


def test_fewer_kernels_than_mmcv():
    ours, theirs = make_pair()
    query, position = torch.randn(2, 1, 5, 12)
    ops = count_ops(ours, query, position, torch.ones(1, 5).bool())
    peer = count_ops(theirs, query, query_pos=position, key_pos=position,
                     key_padding_mask=torch.zeros(1, 5).bool())
    assert ops.kernels <= 9 < 15 <= peer.kernels, (ops.by_name, peer.by_name)
    assert ops.syncs == ops.uploads == 0
