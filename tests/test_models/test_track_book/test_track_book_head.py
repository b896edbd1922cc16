"""Rows, gradients, features and checkpoints of the TrackBook."""
import copy
import io

import pytest
import torch
from mmengine.runner.checkpoint import load_state_dict

from ipmot_mm.engine.optim import RowwiseAdamW
from ipmot_mm.models.losses import ImageTextContrastiveLoss
from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import FrameTargets, IdentityMap
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg

KEYS = [('synth', 'street-01', ident) for ident in (2, 3, 5, 7, 11)]


def make_head(keys=KEYS, **changes):
    args = dict(clip=dict(model_cfg=tiny_clip_cfg()), num_context_tokens=3)
    head = TrackBookHead(**{**args, **changes})
    if keys is not None:
        head.set_identity_map(IdentityMap.from_keys(keys))
    return head


def make_targets(identities):
    num = len(identities)
    ids = torch.arange(num)
    return FrameTargets(
        bboxes=torch.tensor([[4., 2., 36., 66.]]).repeat(num, 1),
        labels=torch.zeros_like(ids),
        instance_ids=ids,
        identities=torch.tensor(identities, dtype=torch.long),
        visibilities=torch.ones(num),
        img_shape=(71, 53))


def test_rows_appear_in_the_same_parameter_and_by_seed():
    head = MODELS.build(
        dict(type='TrackBookHead', clip=dict(model_cfg=tiny_clip_cfg())))
    tokens = head.tokens
    assert tokens.shape == (0, 4 * 64)
    torch.manual_seed(99)
    many = IdentityMap.from_keys([('d', 'v', i) for i in range(400)])
    head.set_identity_map(many)
    assert head.tokens is tokens and tokens.shape == (400, 256)
    assert tokens.dtype == torch.float32
    assert tokens.std().item() == pytest.approx(0.02, rel=0.02)
    torch.manual_seed(1)
    assert torch.equal(make_head(many.keys, num_context_tokens=4).tokens,
                       tokens)
    assert not torch.equal(
        make_head(many.keys, num_context_tokens=4, init_seed=1).tokens,
        tokens)


def test_second_map_must_be_the_first():
    head = make_head()
    with torch.no_grad():
        head.tokens += 1
    learned = head.tokens.detach().clone()
    head.set_identity_map(IdentityMap.from_keys(KEYS))
    assert torch.equal(head.tokens, learned)
    with pytest.raises(ValueError, match='2 identities only here, such as'):
        head.set_identity_map(IdentityMap.from_keys(KEYS[:3]))


def test_only_present_rows_change():
    """Acceptance check 6: gradient and step of absent identities."""
    head = make_head()
    optimizer = RowwiseAdamW(head.parameters(), lr=0.1)
    before = head.tokens.detach().clone()
    losses = head.loss(torch.randn(5, 64), torch.tensor([3, 1, 3, 3, 1]))
    assert set(losses) == {'loss_i2t', 'loss_t2i'}
    sum(losses.values()).backward()
    grad = head.tokens.grad
    assert grad.is_sparse
    assert grad.coalesce().indices().flatten().tolist() == [1, 3]
    assert (grad.coalesce().values().abs().sum(1) > 0).all()
    optimizer.step()
    assert torch.equal(head.tokens[[0, 2, 4]], before[[0, 2, 4]])
    assert (head.tokens[[1, 3]] != before[[1, 3]]).all()
    for tower in (head.frozen_clip.text_encoder,
                  head.frozen_clip.image_encoder):
        assert all(param.grad is None for param in tower.parameters())


def test_loss_reads_the_text_of_each_crop():
    head = make_head(t2i_form='sum_in_log', loss_weight_t2i=3.)
    features, identities = torch.randn(4, 64), torch.tensor([4, 0, 4, 2])
    losses = head.loss(features, identities)
    texts = head.describe(torch.tensor([2, 0, 4]))
    expected = ImageTextContrastiveLoss(t2i_form='sum_in_log')(
        features, texts, torch.tensor([2, 1, 2, 0]))
    torch.testing.assert_close(losses['loss_i2t'].detach(), expected[0])
    torch.testing.assert_close(losses['loss_t2i'].detach(), 3 * expected[1])


def test_normalised_features_use_the_scale_of_clip():
    head = make_head(normalize_features=True)
    identities = torch.tensor([0, 1, 1])
    features = torch.randn(3, 64)
    losses = [head.loss(f, identities) for f in (features, features * 5)]
    torch.testing.assert_close(losses[0], losses[1])
    # open_clip's initial logit scale is log(1 / 0.07).
    assert head.loss_contrastive.logit_scale == pytest.approx(1 / 0.07)


def test_describe_has_no_gradient_and_works_in_chunks():
    head = make_head(chunk_size=2)
    texts = head.describe(torch.tensor([4, 0, 3]))
    assert texts.shape == (3, 64) and not texts.requires_grad
    torch.testing.assert_close(texts[2:], head.describe(torch.tensor([3])))
    assert head.describe(torch.zeros(0, dtype=torch.long)).shape == (0, 64)


def test_encode_crops_in_chunks():
    head = make_head(chunk_size=2)
    images = torch.rand(1, 2, 3, 80, 60)
    targets = [[make_targets([1, 9, 2]), make_targets([-1, 4])]]
    features, identities = head.encode_crops(images, targets)
    assert identities.tolist() == [1, 2, 4]
    assert not features.requires_grad
    for frame, rows in ((0, [0, 1]), (1, [2])):
        crop = images[0, frame, :, 2:66, 4:36][None]
        expected = head.frozen_clip.image_encoder(crop)
        torch.testing.assert_close(features[rows],
                                   expected.expand(len(rows), -1))


def test_parts_of_a_batch_are_put_together():
    head = make_head()
    images = torch.rand(3, 1, 3, 80, 60)
    targets = [[make_targets([1, 2])], [make_targets([])], [make_targets([4])]]
    parts = [
        head.encode_crops(images[n:n + 1], targets[n:n + 1]) for n in range(3)
    ]
    features, identities = head.gather(parts)
    expected = head.gather([head.encode_crops(images, targets)])
    assert identities.tolist() == expected[1].tolist() == [1, 2, 4]
    torch.testing.assert_close(features, expected[0])


def test_no_crops_give_no_loss():
    head = make_head()
    features, identities = head.gather([
        head.encode_crops(
            torch.rand(1, 1, 3, 80, 60), [[make_targets([])]])
    ])
    assert features.shape == (0, 64) and identities.shape == (0, )
    assert head.loss(features, identities) == {}


def test_learning_separates_two_identities():
    head = make_head()
    optimizer = RowwiseAdamW(head.parameters(), lr=0.05)
    features = torch.randn(2, 64).repeat(3, 1)
    identities = torch.tensor([0, 4]).repeat(3)
    for _ in range(25):
        losses = head.loss(features, identities)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    similarity = features[:2] @ head.describe(torch.tensor([0, 4])).T
    assert similarity.argmax(1).tolist() == [0, 1]
    assert similarity.argmax(0).tolist() == [0, 1]


def test_clip_is_neither_saved_nor_trained_but_moves_along():
    head = make_head()
    assert set(head.state_dict()) == {'tokens', 'identity_keys'}
    assert [name for name, _ in head.named_parameters()] == ['tokens']
    head.train()
    head.double()
    assert head.frozen_clip.text_encoder.positional_embedding.dtype \
        == torch.float64
    assert not head.frozen_clip.image_encoder.training
    assert copy.deepcopy(head).frozen_clip is head.frozen_clip


def checkpoint_of(head):
    file = io.BytesIO()
    torch.save(head.state_dict(), file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize('keys', (KEYS, None))
def test_checkpoint_round_trip(keys):
    """A head without rows adopts those of the checkpoint."""
    source = make_head(init_seed=7)
    head = make_head(keys)
    tokens = head.tokens
    load_state_dict(head, checkpoint_of(source), strict=True)
    assert head.tokens is tokens
    assert torch.equal(head.tokens, source.tokens)
    assert head.identity_map == source.identity_map
    assert head.identity_map.row('synth', 'street-01', 5) == 2


def test_checkpoint_of_other_identities_is_refused():
    head = make_head(KEYS + [('synth', 'street-01', 13)])
    with pytest.raises(ValueError, match='1 identities only here.*Train on'):
        load_state_dict(head, checkpoint_of(make_head()))
    with pytest.raises(ValueError, match='256 numbers per identity, .* 3 tok'):
        load_state_dict(make_head(),
                        checkpoint_of(make_head(num_context_tokens=4)))
