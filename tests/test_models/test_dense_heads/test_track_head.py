"""Branches of every decoder layer."""
import math

import pytest
import torch
from torch import nn

from ipmot_mm.benchmark.op_counts import count_ops
from ipmot_mm.models.dense_heads import TrackHead

LAYERS, BATCH, QUERIES, DIMS, CLASSES, JOINT = 3, 2, 5, 11, 7, 13


def make_head(**kwargs):
    head = TrackHead(
        num_classes=CLASSES,
        embed_dims=DIMS,
        num_layers=LAYERS,
        **{
            'joint_dims': JOINT,
            **kwargs
        })
    for parameter in head.parameters():
        nn.init.normal_(parameter)
    return head


@pytest.fixture
def hidden_states():
    return torch.randn(LAYERS, BATCH, QUERIES, DIMS)


def by_hand(branch, x):
    return x @ branch.weight.T + branch.bias


def test_each_layer_has_its_own_branch(hidden_states):
    head = make_head()
    logits, embeddings = head.classify(hidden_states), head.embed(
        hidden_states)
    assert logits.shape == (LAYERS, BATCH, QUERIES, CLASSES)
    assert embeddings.shape == (LAYERS, BATCH, QUERIES, JOINT)
    for layer, hidden in enumerate(hidden_states):
        torch.testing.assert_close(logits[layer],
                                   by_hand(head.cls_branches[layer], hidden))
        torch.testing.assert_close(embeddings[layer],
                                   by_hand(head.embed_branches[layer], hidden))


def test_gradients_are_those_of_the_branches(hidden_states):
    head, grads = make_head(), []
    parameters = [*head.cls_branches.parameters()]
    for logits in (head.classify(hidden_states), torch.stack([
            by_hand(branch, hidden)
            for branch, hidden in zip(head.cls_branches, hidden_states)])):
        grads.append(
            torch.autograd.grad(logits.square().sum(), parameters))
    for found, expected in zip(*grads):
        torch.testing.assert_close(found, expected)


def test_all_layers_are_one_product(hidden_states):
    with torch.no_grad():
        assert count_ops(make_head().embed, hidden_states).kernels == 3


def test_shared_embedding_branch(hidden_states):
    head = make_head(shares_embed_branch=True)
    assert len(head.embed_branches) == 1 and len(head.cls_branches) == LAYERS
    torch.testing.assert_close(
        head.embed(hidden_states),
        by_hand(head.embed_branches[0], hidden_states))


def test_no_embedding_without_alignment(hidden_states):
    head = make_head(joint_dims=None)
    assert head.embed(hidden_states) is None
    assert not [name for name in head.state_dict() if 'embed' in name]


def test_box_branch_is_an_mlp(hidden_states):
    head = make_head()
    for branch in head.reg_branches:
        first, _, second, _, last = branch
        x = by_hand(first, hidden_states).clamp(min=0)
        x = by_hand(second, x).clamp(min=0)
        torch.testing.assert_close(branch(hidden_states), by_hand(last, x))


def test_names_are_those_of_mmdet():
    kinds = ('weight', 'bias')
    expected = {f'cls_branches.{i}.{k}' for i in range(3) for k in kinds}
    expected |= {f'embed_branches.{i}.{k}' for i in range(3) for k in kinds}
    expected |= {
        f'reg_branches.{i}.{j}.{k}'
        for i in range(3)
        for j in (0, 2, 4)
        for k in kinds
    }
    assert set(make_head().state_dict()) == expected


def test_initial_values(hidden_states):
    head = make_head()
    head.init_weights()
    for layer in range(LAYERS):
        torch.testing.assert_close(head.cls_branches[layer].bias,
                                   torch.full((CLASSES, ), -math.log(99)))
        size = -2.0 if layer == 0 else 0.0
        expected = torch.tensor([0.0, 0.0, size, size])
        torch.testing.assert_close(
            head.reg_branches[layer](hidden_states),
            expected.expand(*hidden_states.shape[:-1], 4))
