"""A TrackBook of image features: means, training, checkpoints."""
import pytest
import torch
from mmengine.optim import build_optim_wrapper

from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing import make_clip, tiny_clip_cfg, tiny_model_cfg
from projects.image_book.image_book import ImageBookHead

KEYS = [('synth', 'street-01', ident) for ident in (2, 3, 5, 7, 11)]


def make_head():
    head = ImageBookHead(clip=dict(model_cfg=tiny_clip_cfg()))
    head.set_identity_map(IdentityMap.from_keys(KEYS))
    return head


def test_describes_by_the_mean_of_all_crops_so_far():
    head, crops = make_head(), {}
    for identities in ([3, 0, 3], [0, 1], []):
        features = torch.randn(len(identities), head.joint_dims)
        assert head.loss(features, torch.tensor(identities).long()) == {}
        for identity, feature in zip(identities, features):
            crops.setdefault(identity, []).append(feature)
    found = head.describe(torch.tensor([1, 3, 0]))
    expected = [torch.stack(crops[i]).mean(0) for i in (1, 3, 0)]
    torch.testing.assert_close(found, torch.stack(expected))
    everything = torch.stack(sum(crops.values(), [])).mean(0)
    torch.testing.assert_close(head.describe(torch.tensor([4]))[0],
                               everything)
    assert not head.describe(torch.tensor([0])).requires_grad
    assert head.describe(torch.tensor([]).long()).shape == (
        0, head.joint_dims)


def test_before_any_crop_there_is_nothing_to_tell():
    assert not make_head().describe(torch.tensor([0, 1])).any()


def test_a_second_call_with_the_same_map_forgets_nothing():
    head = make_head()
    head.loss(torch.randn(1, head.joint_dims), torch.tensor([2]))
    head.set_identity_map(IdentityMap.from_keys(KEYS))
    assert head.num_crops.tolist() == [0, 0, 1, 0, 0]


@pytest.mark.parametrize('with_map', [True, False])
def test_checkpoint_carries_the_means(with_map):
    head = make_head()
    head.loss(torch.randn(3, head.joint_dims), torch.tensor([2, 0, 2]))
    other = make_head() if with_map else ImageBookHead(
        clip=dict(model_cfg=tiny_clip_cfg()))
    other.load_state_dict(head.state_dict())
    rows = torch.arange(5)
    assert torch.equal(other.describe(rows), head.describe(rows))


def test_it_stands_in_for_the_track_book_in_training():
    cfg = tiny_model_cfg(with_track_book=True)
    cfg.track_book.type = 'ImageBookHead'
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()  # what is not, is whatever the memory held
    wrapper = build_optim_wrapper(
        model,
        dict(
            constructor='AlternatingOptimWrapperConstructor',
            tracker=dict(
                type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-3)),
            track_book=dict(
                type='OptimWrapper',
                optimizer=dict(type='RowwiseAdamW', lr=1e-3))))
    keys = [('d', 'v', ident) for ident in range(8)]
    model.track_book.set_identity_map(IdentityMap.from_keys(keys))
    tokens = model.track_book.tokens.clone()
    for _ in range(2):
        logs = model.train_step(make_clip(3, num_frames=3), wrapper)
    assert logs['loss_i2tce'].isfinite() and logs['loss_i2tce'] > 0
    assert torch.equal(model.track_book.tokens, tokens)
    assert model.track_book.num_crops[:3].tolist() == [6, 6, 6]
