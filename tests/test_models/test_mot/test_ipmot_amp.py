"""Mixed precision: near float32, and float32 where it must be."""
import pytest
import torch
from torch import nn

from ipmot_mm.models.layers import deformable_decoder
from ipmot_mm.models.layers.anchor_encoding import AnchorEncoding
from ipmot_mm.models.losses import (IdentityTexts, clip_average_loss,
                                    deduplication_loss)
from ipmot_mm.models.task_modules import match_cost
from ipmot_mm.registry import MODELS
from ipmot_mm.testing import make_clip, tiny_model_cfg

HALF_TYPES = [torch.bfloat16, torch.float16]
JOINT_DIMS = 64
# relative errors of losses and 1 - cosine of gradients: two to three times
# what was seen; bfloat16 has 8 bits, float16 has 11
LOSS_ERROR = {torch.bfloat16: 0.015, torch.float16: 0.002}
GRAD_ERROR = {torch.bfloat16: 0.01, torch.float16: 0.001}


def build(**changes):
    """A model past its first steps, with tracks in every frame."""
    cfg = tiny_model_cfg(num_layers=3)
    cfg.clip_loss.image_to_text = dict(type='ImageToTextLoss')
    cfg.assigner.update(track_score_thr=0.0, iou_thr=0.0)
    cfg.updater.update_score_thr = 0.0
    for part, with_cp in changes.items():
        cfg.detector[part].with_cp = with_cp
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1 and 'backbone' not in name:
            nn.init.normal_(parameter, std=0.1)  # none is 0 any more
    return model.train()


def run(model, dtype=None, seed=0):
    """Losses and gradients of a batch of two clips."""
    data = model.data_preprocessor(make_clip(4, 2, seed=seed), True)
    generator = torch.Generator().manual_seed(0)
    present = torch.tensor([0, 1, 2, 3, 100, 101])
    texts = IdentityTexts(
        present, torch.randn(len(present), JOINT_DIMS, generator=generator))
    with torch.autocast('cpu', dtype=dtype, enabled=dtype is not None):
        losses = model(**data, texts=texts, mode='loss')
    model.zero_grad()
    model.parse_losses(losses)[0].backward()
    grads = {
        name: parameter.grad.clone()
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }
    return {key: value.detach() for key, value in losses.items()}, grads


def replay_matching(model, monkeypatch):
    """Let later runs match as the first one did."""
    assign, kept = model.assigner, []
    monkeypatch.setattr(
        model, 'assigner',
        lambda *args: kept.append(assign(*args)) or kept[-1])
    yield
    matches = iter(kept)
    monkeypatch.setattr(model, 'assigner', lambda *args: next(matches))
    yield


def parts(grads):
    """One flat gradient for each part of the model."""
    grouped = {}
    for name, grad in grads.items():
        depth = 3 if name.startswith('detector.backbone') else 2
        key = '.'.join(name.split('.')[:depth])
        grouped.setdefault(key, []).append(grad.flatten())
    return {key: torch.cat(values) for key, values in grouped.items()}


@pytest.mark.parametrize('dtype', HALF_TYPES)
def test_losses_and_gradients_are_near_float32(dtype, monkeypatch):
    model = build()
    matching = replay_matching(model, monkeypatch)
    next(matching)
    expected_losses, expected = run(model)
    next(matching)
    losses, found = run(model, dtype)
    assert losses.keys() == expected_losses.keys()
    for name, loss in losses.items():
        assert loss.dtype == torch.float32, name
        wanted = expected_losses[name]
        assert loss > 0 and wanted > 0, name
        assert (loss - wanted).abs() < LOSS_ERROR[dtype] * wanted, name
    expected, found = parts(expected), parts(found)
    assert found.keys() == expected.keys() and len(found) > 10
    for name, grad in found.items():
        assert grad.dtype == torch.float32, name
        cosine = torch.cosine_similarity(grad, expected[name], dim=0)
        assert cosine > 1 - GRAD_ERROR[dtype], (name, cosine)


def spy_on(monkeypatch, module, name, seen):
    """Note the types of floating point arguments of a function."""
    function = getattr(module, name)

    def spy(*args, **kwargs):
        for value in (*args, *kwargs.values()):
            if torch.is_tensor(value) and value.is_floating_point():
                seen.setdefault(name, set()).add(value.dtype)
        return function(*args, **kwargs)

    monkeypatch.setattr(module, name, spy)


@pytest.mark.parametrize('dtype', HALF_TYPES)
def test_delicate_parts_compute_in_float32(dtype, monkeypatch):
    model, seen, outputs = build(), {}, []
    functions = [
        (torch, 'logit'), (AnchorEncoding, 'forward'),
        (match_cost, 'generalized_iou'),
        (clip_average_loss, 'generalized_iou'),
        (clip_average_loss, 'sigmoid_focal_loss'),
        (deduplication_loss, 'sigmoid_focal_loss'),
        (nn.functional, 'softplus'), (torch, 'cdist'),
        (torch.Tensor, 'log_softmax'), (nn.functional, 'grid_sample')]
    for module, name in functions:
        spy_on(monkeypatch, module, name, seen)
    step = model.step
    monkeypatch.setattr(
        model, 'step',
        lambda *args: outputs.append(step(*args)) or outputs[-1])
    half = []
    for layer in (model.detector.backbone.layer4[1].conv2,
                  model.detector.encoder.layers[0].ffn.layers[0][0],
                  model.detector.decoder.layers[0].ffn.layers[0][0]):
        layer.register_forward_hook(lambda *args: half.append(args[2].dtype))
    run(model, dtype)
    assert set(half) == {dtype}  # most of the work is not in float32
    assert len(seen) == 8
    for name, dtypes in seen.items():
        assert dtypes == {torch.float32}, (name, dtypes)
    for frame in outputs:
        for name in ('cls_logits', 'bboxes', 'dedup_logits', 'embeddings',
                     'last_anchors', 'scores'):
            assert getattr(frame, name).dtype == torch.float32, name


@pytest.mark.parametrize('dtype', HALF_TYPES)
def test_boxes_at_the_border_do_not_saturate(dtype):
    """1 - 1e-5 is 1 in both half types, whose logit would be another."""
    anchors = torch.tensor([[[1 - 1e-5, 1e-5, 1.0, 0.0], [0.3] * 4]])
    branch = nn.Linear(8, 4)
    nn.init.zeros_(branch.bias)
    output = torch.zeros(1, 2, 8, requires_grad=True)
    refine = deformable_decoder.DeformableDecoder._refine
    expected = refine(branch, output, anchors)
    with torch.autocast('cpu', dtype=dtype):
        found = refine(branch, output.to(dtype), anchors)
    assert torch.equal(found, expected)
    torch.testing.assert_close(found[0, 0, :2], anchors[0, 0, :2], rtol=1e-3,
                               atol=0)
    found.log().sum().backward()
    assert branch.weight.grad.isfinite().all()


@pytest.mark.parametrize('dtype', HALF_TYPES)
def test_recomputation_happens_in_the_same_type(dtype):
    plain = run(build(), dtype)
    recomputed = run(build(backbone=True, encoder=True, decoder=True), dtype)
    for expected, found in zip(plain, recomputed):
        assert expected.keys() == found.keys()
        for name, value in expected.items():
            # Values of all layers are one product where nothing is
            # recomputed: its gradient is rounded once.
            error = (found[name] - value).norm()
            assert error <= 2 * torch.finfo(dtype).eps * value.norm(), name


@pytest.mark.parametrize('dtype', HALF_TYPES)
def test_padding_is_measured_in_float32(dtype):
    """A height of 333 is 332 in bfloat16: references would be off."""
    encoder = build().detector.encoder
    seen = []
    make = encoder.get_encoder_reference_points
    encoder.get_encoder_reference_points = lambda shapes, ratios, device: (
        seen.append(ratios) or make(shapes, ratios, device))
    detector = build().detector
    detector.encoder = encoder
    images = torch.randn(2, 3, 64, 96)
    with torch.autocast('cpu', dtype=dtype), torch.no_grad():
        memory = detector.encode(images, [(64, 96)] * 2)
        detector.encode(images, [(64, 96), (40, 70)])
    assert memory.valid_ratios.dtype == torch.float32
    assert [ratios.dtype for ratios in seen] == [torch.float32]


@pytest.mark.parametrize('dtype', HALF_TYPES)
def test_tracks_under_autocast_are_those_of_float32(dtype):
    model = build().eval()
    model.tracker.min_area = 0.0
    for branch in model.detector.bbox_head.cls_branches:
        nn.init.constant_(branch.bias, 1.0)  # scores on each side of 0.5
    results = []
    for enabled in (False, True):
        data = model.data_preprocessor(make_clip(3, num_frames=4), False)
        with torch.autocast('cpu', dtype=dtype, enabled=enabled):
            sample, = model(**data, mode='predict')
        results.append(
            [frame.pred_track_instances for frame in sample])
    assert sum(map(len, results[0])) > 4
    for expected, found in zip(*results):
        assert found.instances_id.tolist() == expected.instances_id.tolist()
        assert found.bboxes.dtype == found.scores.dtype == torch.float32
        torch.testing.assert_close(found.bboxes, expected.bboxes, rtol=0,
                                   atol=1.0)  # pixels
        torch.testing.assert_close(found.scores, expected.scores, rtol=0,
                                   atol=0.02)
