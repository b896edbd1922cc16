"""L_i2t and L_t2i against loops over crops and their repeated texts."""
import math

import pytest
import torch

from ipmot_mm.models.losses import ImageTextContrastiveLoss
from ipmot_mm.registry import MODELS


def naive_losses(features, texts, class_inds, form, weighting):
    """Eq. 2 and Eq. 4 with one copy of the text per crop, in float64."""
    num = len(features)
    repeated = [texts[k] for k in class_inds.tolist()]
    sim = [[float(features[i].double() @ repeated[j].double())
            for j in range(num)] for i in range(num)]
    i2t = 0.
    for i in range(num):
        i2t -= math.log(
            math.exp(sim[i][i]) / sum(math.exp(s) for s in sim[i]))
    per_text = []
    for j in range(num):
        total = sum(math.exp(sim[a][j]) for a in range(num))
        shares = [math.exp(sim[p][j]) / total for p in range(num)
                  if class_inds[p] == class_inds[j]]
        if form == 'mean_of_logs':
            per_text.append(
                -sum(math.log(s) for s in shares) / len(shares))
        else:
            per_text.append(-math.log(sum(shares)) / len(shares))
    if weighting == 'identity':
        first = [class_inds.tolist().index(k) for k in set(
            class_inds.tolist())]
        per_text = [per_text[j] for j in first]
    return i2t / num, sum(per_text) / len(per_text)


@pytest.mark.parametrize('form', ('mean_of_logs', 'sum_in_log'))
@pytest.mark.parametrize('weighting', ('sample', 'identity'))
@pytest.mark.parametrize(
    'class_inds',
    ([0, 1, 0, 2, 0, 1, 2], [0, 0, 0], [0, 1, 2, 3], [0]))
def test_matches_brute_force(form, weighting, class_inds):
    class_inds = torch.tensor(class_inds)
    features = torch.randn(len(class_inds), 5)
    texts = torch.randn(int(class_inds.max()) + 1, 5)
    loss = ImageTextContrastiveLoss(t2i_form=form, t2i_weighting=weighting)
    got = loss(features, texts, class_inds)
    expected = naive_losses(features, texts, class_inds, form, weighting)
    assert [float(part) for part in got] == pytest.approx(expected, rel=1e-5)


def test_single_identity_has_no_wrong_text():
    loss = ImageTextContrastiveLoss()
    loss_i2t, _ = loss(torch.randn(3, 5), torch.randn(1, 5),
                       torch.zeros(3, dtype=torch.long))
    # log(3 e^s) - s: three equal copies of the only text.
    assert float(loss_i2t) == pytest.approx(math.log(3), rel=1e-5)


def test_one_good_positive_satisfies_sum_in_log_only():
    """Two positives, one of them far off, and one negative in between."""
    features = torch.tensor([[10.], [-10.], [0.]])
    texts = torch.tensor([[1.], [0.]])
    class_inds = torch.tensor([0, 0, 1])
    losses = {}
    for form in ('mean_of_logs', 'sum_in_log'):
        losses[form] = float(
            ImageTextContrastiveLoss(t2i_form=form)(features, texts,
                                                    class_inds)[1])
    assert losses['mean_of_logs'] > 5
    assert losses['sum_in_log'] == pytest.approx(math.log(3) / 3, abs=1e-3)


def test_logit_scale_compares_directions():
    features, texts = torch.randn(4, 5), torch.randn(2, 5)
    class_inds = torch.tensor([0, 1, 1, 0])
    loss = ImageTextContrastiveLoss(logit_scale=7.)
    got = loss(features * 3, texts * 0.1, class_inds)
    unit = [x / x.norm(dim=1, keepdim=True) for x in (features, texts)]
    expected = naive_losses(7 * unit[0], unit[1], class_inds, 'mean_of_logs',
                            'sample')
    assert [float(part) for part in got] == pytest.approx(expected, rel=1e-5)


def test_weights_and_registry():
    args = (torch.randn(3, 5), torch.randn(2, 5), torch.tensor([0, 1, 1]))
    plain = ImageTextContrastiveLoss()(*args)
    loss = MODELS.build(
        dict(
            type='ImageTextContrastiveLoss',
            loss_weight_i2t=2.,
            loss_weight_t2i=3.))
    torch.testing.assert_close(loss(*args), (2 * plain[0], 3 * plain[1]))


def test_no_crop_gives_zero_with_graph():
    texts = torch.randn(2, 5, requires_grad=True)
    losses = ImageTextContrastiveLoss()(
        torch.zeros(0, 5), texts, torch.zeros(0, dtype=torch.long))
    sum(losses).backward()
    assert [part.item() for part in losses] == [0, 0]
    assert texts.grad.abs().sum() == 0


def test_float32_under_autocast():
    features, texts = torch.randn(6, 64) * 4, torch.randn(3, 64) * 4
    class_inds = torch.tensor([0, 1, 2, 0, 1, 2])
    loss = ImageTextContrastiveLoss()
    expected = loss(features, texts, class_inds)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        got = loss(features, texts, class_inds)
    torch.testing.assert_close(got, expected, rtol=0, atol=0)


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="t2i_form must be one of .*'typo'"):
        ImageTextContrastiveLoss(t2i_form='typo')
    with pytest.raises(ValueError, match='t2i_weighting must be one of'):
        ImageTextContrastiveLoss(t2i_weighting='id')
