"""Masked triplet loss against loops over anchors."""
import pytest
import torch

from ipmot_mm.benchmark.op_counts import OpCounter
from ipmot_mm.models.losses import BatchHardTripletLoss


def naive_triplets(embeddings, identities, margin, mode):
    """Eq. 9 with plain loops in float64."""
    points, ids = embeddings.double(), identities.tolist()

    def distance(a, b):
        return float(((points[a] - points[b])**2).sum()**0.5)

    terms = []
    for a in range(len(ids)):
        positives = [
            distance(a, p) for p in range(len(ids))
            if p != a and ids[p] == ids[a]
        ]
        negatives = [
            distance(a, n) for n in range(len(ids)) if ids[n] != ids[a]
        ]
        if not positives or not negatives:
            continue
        if mode == 'hard':
            terms.append(max(0, max(positives) - min(negatives) + margin))
        else:
            terms += [
                max(0, p - n + margin) for p in positives for n in negatives
            ]
    return sum(terms) / len(terms) if terms else 0.


def single(loss, embeddings, identities):
    """Loss of one pool without padding."""
    is_valid = torch.ones(1, len(identities), dtype=torch.bool)
    return loss(embeddings[None], identities[None], is_valid)[0]


RAGGED = ([3, 3, 3, 5, 5, 9, 7, 7, 7, 7, 2], [0, 1, 0], [4, 4, 6, 6],
          [1, 1, 1, 2])


@pytest.mark.parametrize('identities', RAGGED)
@pytest.mark.parametrize('mode', ('hard', 'all'))
@pytest.mark.parametrize('margin', (0., 0.3, 2.))
@pytest.mark.parametrize('normalize', (False, True))
def test_matches_brute_force(identities, mode, margin, normalize):
    identities = torch.tensor(identities)
    embeddings = torch.randn(len(identities), 3)
    loss = BatchHardTripletLoss(
        margin=margin, mode=mode, normalize=normalize, loss_weight=2.)
    if normalize:
        points = embeddings / embeddings.norm(dim=1, keepdim=True)
    else:
        points = embeddings
    expected = 2 * naive_triplets(points, identities, margin, mode)
    got = float(single(loss, embeddings, identities))
    assert got == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize('mode', ('hard', 'all'))
@pytest.mark.parametrize('identities', ([4], [1, 2, 3], [5, 5, 5]))
def test_no_anchor_gives_zero_with_graph(mode, identities):
    embeddings = torch.randn(len(identities), 3, requires_grad=True)
    loss = single(
        BatchHardTripletLoss(mode=mode), embeddings, torch.tensor(identities))
    loss.backward()
    assert loss.item() == 0
    assert embeddings.grad.abs().sum() == 0


@pytest.mark.parametrize('mode', ('hard', 'all'))
def test_identical_embeddings_have_finite_gradient(mode):
    embeddings = torch.ones(4, 3, requires_grad=True)
    loss = single(
        BatchHardTripletLoss(mode=mode, loss_weight=1.), embeddings,
        torch.tensor([0, 0, 1, 1]))
    loss.backward()
    assert loss.item() == pytest.approx(0.3)
    assert embeddings.grad.isfinite().all()


def test_gradient_pulls_positives_and_pushes_negatives():
    embeddings = torch.tensor([[0.], [1.], [1.2]], requires_grad=True)
    loss = single(
        BatchHardTripletLoss(loss_weight=1.), embeddings,
        torch.tensor([0, 0, 1]))
    loss.backward()
    # Anchor 0: d_ap 1, d_an 1.2; anchor 1: d_ap 1, d_an 0.2.
    assert loss.item() == pytest.approx(((1 - 1.2 + .3) + (1 - .2 + .3)) / 2)
    assert embeddings.grad.flatten().tolist() == pytest.approx([-.5, 1.5, -1])


def test_order_does_not_matter():
    embeddings = torch.randn(7, 3)
    identities = torch.tensor([0, 1, 1, 0, 2, 2, 2])
    order = torch.randperm(7)
    loss = BatchHardTripletLoss()
    torch.testing.assert_close(
        single(loss, embeddings, identities),
        single(loss, embeddings[order], identities[order]))


@pytest.mark.parametrize('mode', ('hard', 'all'))
def test_pools_do_not_mix_and_padding_has_no_part(mode):
    loss = BatchHardTripletLoss(mode=mode)
    embeddings = torch.randn(3, 5, 4, requires_grad=True)
    identities = torch.tensor([[0, 0, 1, 1, 1], [0, 0, 0, 0, 0],
                               [2, 1, 2, 2, 1]])
    is_valid = torch.tensor([[1, 1, 0, 1, 1], [0] * 5, [1, 1, 1, 0, 0]]) > 0
    losses = loss(embeddings, identities, is_valid)
    for n in (0, 2):
        kept = is_valid[n]
        torch.testing.assert_close(
            losses[n], single(loss, embeddings[n, kept], identities[n, kept]))
    losses.sum().backward()
    assert losses[1] == 0
    assert embeddings.grad[~is_valid].eq(0).all()
    assert embeddings.grad[is_valid].any()


def test_gradient_is_not_that_of_all_distances():
    """On a GPU it would be a tensor of shape (B, E, E, D)."""
    embeddings = torch.randn(2, 6, 4, requires_grad=True)
    identities = torch.arange(6).expand(2, -1) % 3
    loss = BatchHardTripletLoss()(embeddings, identities, identities >= 0)
    with OpCounter() as count:
        loss.sum().backward()
    assert embeddings.grad.abs().sum() > 0
    assert not [name for name in count.by_name if 'cdist' in name]


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="mode must be one of .*'soft'"):
        BatchHardTripletLoss(mode='soft')
