"""What both detectors share: encoding, joining of queries, gradients."""
from contextlib import nullcontext
from dataclasses import fields

import pytest
import torch
from detector_samples import (DIMS, detector_cfg, make_detector, make_images,
                              make_tracks)
from torch import nn

from ipmot_mm.benchmark.op_counts import count_ops
from ipmot_mm.ops.deformable_attention import MultiScaleDeformableAttention
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import TrackQueries

BOTH = pytest.mark.parametrize('kind', ['dab', 'plain'])
FULL, RAGGED = [(64, 96)] * 2, [(64, 96), (37, 53)]
# to encode and to decode a frame, the deformable attention in PyTorch
MOST_KERNELS = dict(dab=(165, 400), plain=(165, 340))
PREDICTIONS = ('cls_logits', 'bboxes', 'hidden_states')


@BOTH
@pytest.mark.parametrize('img_shapes', [FULL, RAGGED])
@torch.no_grad()
def test_a_batch_equals_its_frames(kind, img_shapes):
    detector = make_detector(kind).eval()
    images = make_images(img_shapes)
    memory = detector.encode(images, img_shapes)
    assert (memory.padding_mask is None) == (img_shapes == FULL)
    for n, img_shape in enumerate(img_shapes):
        alone = detector.encode(images[n:n + 1], [img_shape])
        torch.testing.assert_close(
            memory.features[n], alone.features[0], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(memory.valid_ratios[n],
                                   alone.valid_ratios[0])
    assert memory.features.shape == (2,
                                     sum(h * w
                                         for h, w in memory.spatial_shapes),
                                     DIMS)


@BOTH
@torch.no_grad()
def test_padding_of_tracks_changes_nothing(kind):
    detector = make_detector(kind).eval()
    memory = detector.encode(make_images(RAGGED), RAGGED)
    tracks = make_tracks(kind, 3, valid=[[True] * 3, [True, False, False]])
    outputs = detector.decode(memory, tracks)
    assert outputs.valid.tolist() == [[True] * 8, [True] * 6 + [False] * 2]
    for n, num_tracks in enumerate((3, 1)):
        own = make_tracks(kind, num_tracks, 1).replace(
            content=tracks.content[n:n + 1, :num_tracks],
            anchors=tracks.anchors[n:n + 1, :num_tracks])
        if kind == 'plain':
            own = own.replace(query_pos=tracks.query_pos[n:n + 1, :num_tracks])
        alone = detector.decode(memory.frame(n, 2), own)
        for name in PREDICTIONS:
            torch.testing.assert_close(
                getattr(outputs, name)[:, n, :5 + num_tracks],
                getattr(alone, name)[:, 0],
                rtol=1e-4,
                atol=1e-5)


@BOTH
@pytest.mark.parametrize('num_queries, num_layers, num_levels, det_only',
                         [(1, 1, 1, 0), (7, 2, 2, 1), (5, 6, 4, 1)])
def test_sizes_follow_the_config(kind, num_queries, num_layers, num_levels,
                                 det_only):
    detector = make_detector(
        kind,
        num_queries=num_queries,
        num_layers=num_layers,
        num_levels=num_levels,
        det_only=det_only)
    memory = detector.encode(make_images(FULL), FULL)
    outputs = detector.decode(memory, make_tracks(kind, 3))
    size = (num_layers, 2, num_queries + 3)
    assert outputs.num_detect_queries == num_queries
    assert outputs.num_detect_only_layers == det_only
    assert outputs.cls_logits.shape == (*size, 2)
    assert outputs.bboxes.shape == (*size, 4)
    assert outputs.hidden_states.shape == (*size, DIMS)
    assert outputs.embeddings.shape == (*size, 7)
    assert outputs.last_anchors.shape == (*size[1:], 4)
    assert outputs.dedup_logits is None
    assert (outputs.query_pos is None) == (kind == 'dab')
    assert detector.eval().decode(memory, make_tracks(kind,
                                                      3)).embeddings is None


@BOTH
def test_track_queries_stand_behind_the_detect_queries(kind):
    detector = make_detector(kind, det_only=2)
    memory = detector.encode(make_images(FULL), FULL)
    tracks = make_tracks(kind, 3)
    outputs = detector.decode(memory, tracks)
    assert torch.equal(outputs.hidden_states[1][:, 5:], tracks.content)
    assert torch.equal(outputs.last_anchors[:, 5:], tracks.anchors)
    if kind == 'plain':
        assert torch.equal(outputs.query_pos[:, 5:], tracks.query_pos)
        assert torch.equal(outputs.query_pos[1, :5],
                           detector.query_embedding.weight[:, :DIMS])
    outputs.cls_logits[-1].sum().backward()
    assert tracks.content.grad.any(-1).all()


@BOTH
def test_every_trainable_parameter_gets_gradient_and_no_frozen_one(kind):
    detector = make_detector(kind).train()
    memory = detector.encode(make_images(RAGGED), RAGGED)
    outputs = detector.decode(memory, make_tracks(kind, 3))
    (outputs.cls_logits.square().sum() + outputs.bboxes.square().sum() +
     outputs.embeddings.square().sum()).backward()
    frozen = set()
    for name, parameter in detector.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None and parameter.grad.any(), name
        else:
            assert parameter.grad is None
            frozen.add('.'.join(name.split('.')[:2]))
    assert {'backbone.conv1', 'backbone.layer1'} <= frozen
    assert all(name.startswith('backbone.') for name in frozen)


@BOTH
@pytest.mark.parametrize('img_shapes', [FULL, RAGGED])
def test_no_track_yet(kind, img_shapes):
    detector = make_detector(kind)
    memory = detector.encode(make_images(img_shapes), img_shapes)
    outputs = detector.decode(memory, TrackQueries.empty(2, DIMS))
    assert outputs.num_queries == 5 and outputs.valid.all()


@BOTH
def test_initial_weights(kind):
    detector = MODELS.build(detector_cfg(kind))
    with torch.no_grad():
        for parameter in detector.parameters():
            parameter.fill_(77.0)
    detector.init_weights()
    limit = (6 / (2 * DIMS))**0.5  # Xavier of a square matrix
    for name, module in detector.named_modules():
        if isinstance(module, MultiScaleDeformableAttention):
            assert not module.sampling_offsets.weight.any()
            # head 0 looks to the right, by 1 to 4 pixels
            bias = module.sampling_offsets.bias.view(3, 4, 4, 2)
            assert bias[0, 1, :, 0].tolist() == [1, 2, 3, 4]
            assert not module.attention_weights.weight.any()
            weight = module.output_proj.weight
            assert 0.8 * limit < weight.abs().max() <= limit, name
    in_proj = detector.decoder.layers[1].self_attn.attn.in_proj_weight
    assert in_proj.abs().max() <= (6 / (4 * DIMS))**0.5
    assert 0.6 < detector.level_embed.std() < 1.4


@BOTH
def test_untrained_boxes_stay_at_the_anchors(kind):
    detector = MODELS.build(detector_cfg(kind))
    detector.init_weights()
    memory = detector.encode(make_images(FULL), FULL)
    bboxes = detector.decode(memory, make_tracks(kind, 3)).bboxes
    anchors = detector.detect_queries()[1]
    expected = torch.logit(anchors) + torch.tensor([0, 0, -2.0, -2.0])
    torch.testing.assert_close(bboxes[0, 1, :5], expected.sigmoid())
    for layer in (1, 2):
        torch.testing.assert_close(bboxes[layer], bboxes[0])


@BOTH
@pytest.mark.parametrize('training', [True, False])
def test_runs_on_a_device_that_cannot_answer(kind, training, monkeypatch):
    """What runs without data neither waits for it nor reads it."""
    # autocast, which is off anyway, does not know this device
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    detector = make_detector(kind).to('meta').train(training)
    tracks = make_tracks(kind, 3)
    tracks = tracks.replace(
        **{
            field.name: getattr(tracks, field.name).to('meta')
            for field in fields(tracks)
            if getattr(tracks, field.name) is not None
        })
    for img_shapes in (FULL, RAGGED):
        memory = detector.encode(make_images(FULL).to('meta'), img_shapes)
        outputs = detector.decode(memory, tracks)
        assert outputs.bboxes.is_meta and outputs.cls_logits.is_meta


@BOTH
@torch.no_grad()
def test_kernels_of_a_frame_and_no_wait(kind):
    detector = make_detector(kind, num_layers=6).eval()
    images, tracks = make_images(FULL), make_tracks(kind, 3)
    memory = detector.encode(images, FULL)  # makes what is kept
    counts = count_ops(detector.encode, images, FULL), count_ops(
        detector.decode, memory, tracks)
    for ops, most in zip(counts, MOST_KERNELS[kind]):
        assert ops.syncs == 0, ops.sync_lines
        assert ops.uploads == 0, ops.upload_lines
        assert ops.kernels <= most, ops.by_name


@torch.no_grad()
def test_folded_norms_change_nothing_but_kernels():
    detector, images = make_detector('dab').eval(), make_images(FULL)
    norms = [
        module for module in detector.backbone.modules()
        if isinstance(module, nn.BatchNorm2d)
    ]
    for norm in norms:
        for tensor in (norm.weight, norm.bias, norm.running_mean):
            nn.init.normal_(tensor)
        nn.init.uniform_(norm.running_var, 0.5, 2.0)
    expected = detector.encode(images, FULL).features
    kernels = count_ops(detector.encode, images, FULL).kernels
    detector.fold_norms()
    torch.testing.assert_close(
        detector.encode(images, FULL).features,
        expected,
        rtol=1e-4,
        atol=1e-4)
    fewer = kernels - count_ops(detector.encode, images, FULL).kernels
    assert fewer >= len(norms) == 20
    assert detector.neck.convs[0].conv.weight.is_contiguous(
        memory_format=torch.channels_last)


def test_number_of_levels_is_checked():
    cfg = detector_cfg('dab')
    cfg.num_feature_levels = 3
    detector = MODELS.build(cfg)
    with pytest.raises(ValueError, match='num_feature_levels .* got 3 and 4'):
        detector.encode(make_images(FULL), FULL)


@BOTH
def test_no_weight_is_left_to_chance(kind):
    """Without ``init_weights`` too; torch fills what is empty with NaN."""
    cfg = detector_cfg(kind)
    torch.use_deterministic_algorithms(True)
    try:
        detector = MODELS.build(cfg)
    finally:
        torch.use_deterministic_algorithms(False)
    for name, parameter in detector.named_parameters():
        assert parameter.isfinite().all(), name
