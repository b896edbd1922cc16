"""Smoothed cross entropy over texts against loops."""
import math

import pytest
import torch

from ipmot_mm.models.losses import ImageToTextLoss
from ipmot_mm.models.losses.image_to_text_loss import NO_TEXT


def naive_loss(embeddings, texts, class_inds, smoothing):
    """Eq. 10 with plain loops in float64."""
    total = 0.
    num_texts = len(texts)
    for embedding, own in zip(embeddings.double(), class_inds.tolist()):
        sims = [float(embedding @ text) for text in texts.double()]
        norm = sum(math.exp(sim) for sim in sims)
        for k, sim in enumerate(sims):
            target = (1 - smoothing) * (k == own) + smoothing / num_texts
            total -= target * math.log(math.exp(sim) / norm)
    return total / len(embeddings)


@pytest.mark.parametrize('num_texts', (2, 3, 7))
@pytest.mark.parametrize('smoothing', (0., 0.1, 0.5))
def test_matches_brute_force(num_texts, smoothing):
    embeddings = torch.randn(num_texts + 1, 11)
    texts = torch.randn(num_texts, 11)
    class_inds = torch.cat([torch.arange(num_texts), torch.tensor([0])])
    loss = ImageToTextLoss(label_smoothing=smoothing)
    expected = 4 * naive_loss(embeddings, texts, class_inds, smoothing)
    (got, ) = loss(embeddings[None], texts, class_inds[None])
    assert float(got) == pytest.approx(expected, rel=1e-5)


def test_logit_scale_compares_directions():
    embeddings, texts = torch.randn(5, 11), torch.randn(3, 11)
    class_inds = torch.tensor([0, 2, 1, 1, 0])
    loss = ImageToTextLoss(logit_scale=9., loss_weight=1.)
    expected = naive_loss(9 * embeddings / embeddings.norm(dim=1)[:, None],
                          texts / texts.norm(dim=1)[:, None], class_inds, 0.1)
    (got, ) = loss(embeddings[None] * 5, texts * 0.2, class_inds[None])
    assert float(got) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('num_texts, class_inds', [
    (3, [2, 2, 2]), (3, [NO_TEXT, 1, 1]), (3, [NO_TEXT] * 3),
    (1, [0, 0, NO_TEXT]), (0, [NO_TEXT] * 3)
])  # yapf: disable
def test_nothing_to_tell_apart_gives_zero_with_graph(num_texts, class_inds):
    embeddings = torch.randn(1, 3, 11, requires_grad=True)
    (loss, ) = ImageToTextLoss()(embeddings, torch.randn(num_texts, 11),
                                 torch.tensor([class_inds]))
    loss.backward()
    assert loss.item() == 0
    assert embeddings.grad.abs().sum() == 0


def test_each_pool_has_its_own_classes():
    """Texts that nobody in the pool has, and embeddings without a text."""
    embeddings = torch.randn(3, 4, 11, requires_grad=True)
    texts = torch.randn(6, 11)
    class_inds = torch.tensor([[5, NO_TEXT, 2, 5], [NO_TEXT] * 4,
                               [0, 3, NO_TEXT, 4]])
    losses = ImageToTextLoss()(embeddings, texts, class_inds)
    for n, rows in ((0, [2, 5]), (2, [0, 3, 4])):
        kept = class_inds[n] != NO_TEXT
        inds = torch.tensor([rows.index(i) for i in class_inds[n, kept]])
        expected = naive_loss(embeddings[n, kept], texts[rows], inds, 0.1)
        assert float(losses[n]) == pytest.approx(4 * expected, rel=1e-5)
    losses.sum().backward()
    assert losses[1] == 0
    assert embeddings.grad[class_inds == NO_TEXT].eq(0).all()


def test_texts_get_no_gradient():
    embeddings = torch.randn(1, 4, 11, requires_grad=True)
    texts = torch.randn(3, 11, requires_grad=True)
    ImageToTextLoss()(embeddings, texts, torch.tensor([[0, 1, 2, 0]
                                                       ])).sum().backward()
    assert texts.grad is None
    assert embeddings.grad.abs().sum() > 0


def test_smoothing_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r'must lie in \[0, 1\), got 1.0'):
        ImageToTextLoss(label_smoothing=1.0)
