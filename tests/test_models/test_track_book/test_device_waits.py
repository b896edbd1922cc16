"""What a step of the TrackBook asks of the device, counted on a CPU."""
import numpy as np
import pytest
import torch

from ipmot_mm.benchmark.op_counts import OpCounter
from ipmot_mm.engine.optim import RowwiseAdamW
from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.models.track_book.crop_feature_cache import (CropFeatureCache,
                                                           PersonTable)
from ipmot_mm.models.track_book.row_lookup import look_up_rows
from ipmot_mm.structures import FrameTargets, IdentityMap
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


def make_head(num_objects, num_frames=3):
    """A head with stored features of objects that are in every frame."""
    head = TrackBookHead(
        clip=dict(model_cfg=tiny_clip_cfg()), feature_dir='features')
    head.set_identity_map(
        IdentityMap.from_keys([('d', 'v', i) for i in range(num_objects)]))
    num = num_objects * num_frames
    head.feature_cache = CropFeatureCache(
        PersonTable(
            tuple(map(str, range(num_frames))),
            np.arange(num_frames + 1) * num_objects,
            np.zeros((num, 4), np.float32),
            np.tile(np.arange(num_objects), num_frames)),
        np.random.default_rng(0).normal(size=(num, 2, 64)).astype(np.float16))
    return head


def make_targets(num_objects, num_frames=3):
    """On the host, where the loader leaves them."""
    ids = torch.arange(num_objects)
    return [[
        FrameTargets(
            bboxes=torch.tensor([[4., 2., 36., 66.]]).repeat(num_objects, 1),
            labels=torch.zeros_like(ids),
            instance_ids=ids,
            identities=ids,
            visibilities=torch.ones(num_objects),
            img_shape=(71, 53),
            name=str(t)) for t in range(num_frames)
    ]]


def step(head, features, identities, optimizer):
    losses = head.loss(*head.gather([(features, identities)]))
    sum(losses.values()).backward()
    rows = head.tokens.grad.coalesce().indices()[0]  # as RowBackup reads
    optimizer.step()
    optimizer.zero_grad()
    return rows, head.describe(identities.unique())


@pytest.mark.parametrize('cached', (False, True))
def test_a_step_never_waits(cached):
    """Any number of objects; gloo and NCCL aside, see gather_features."""
    kernels, images = [], torch.rand(1, 3, 3, 80, 60)
    for num_objects in (5, 20):
        head = make_head(num_objects)
        optimizer = RowwiseAdamW(head.parameters())

        def run():
            targets = make_targets(num_objects)
            if cached:
                parts = head.read_features(targets, [False] * 3)
            else:
                parts = head.encode_crops(images, targets)
            step(head, *parts, optimizer)

        run()  # makes the prefix and the moments
        with OpCounter() as counter:
            run()
        assert counter.syncs == 0, counter.sync_lines
        assert counter.uploads <= 3 + cached, counter.upload_lines
        kernels.append(counter.kernels)
    if cached:  # nothing is done per object
        assert kernels[0] == kernels[1]


def test_the_gradient_is_known_to_be_sorted():
    head = make_head(5)
    features, identities = head.read_features(make_targets(5), [False] * 3)
    losses = head.loss(features, identities.flip(0))
    sum(losses.values()).backward()
    grad = head.tokens.grad
    assert grad.is_coalesced()
    assert grad.indices()[0].tolist() == [0, 1, 2, 3, 4]
    dense = torch.nn.functional.embedding(
        torch.arange(5), head.tokens.detach().requires_grad_())
    again = head.loss_contrastive(features, head._encode_texts(dense),
                                  identities.flip(0))
    torch.testing.assert_close(grad.values(),
                               torch.autograd.grad(sum(again), dense)[0])


@pytest.mark.parametrize('hooked', (False, True))
def test_a_gradient_that_nobody_else_holds_is_sorted_too(hooked):
    """Such as that of several ranks, a tensor of its own."""
    table = torch.nn.Parameter(torch.randn(6, 3))
    rows = look_up_rows(table, torch.tensor([1, 4]))
    if hooked:
        rows.register_hook(lambda grad: grad.clone())
    (rows * 2).sum().backward()
    assert table.grad.is_coalesced()
    assert table.grad.indices().tolist() == [[1, 4]]
    assert (table.grad.values() == 2).all()


def test_gradients_of_two_losses_add_up():
    head = make_head(4)
    features, _ = head.read_features(make_targets(4), [True] * 3)
    for identities in ([0, 2] * 6, [2, 3] * 6):
        losses = head.loss(features, torch.tensor(identities))
        losses['loss_t2i'].backward()
    grad = head.tokens.grad.coalesce()
    assert grad.indices()[0].tolist() == [0, 2, 3]
