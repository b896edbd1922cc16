"""The plain detector without tracks is mmdet's Deformable DETR."""
import copy

import pytest
import torch
from detector_samples import DIMS, detector_cfg, make_detector, make_images
from mmdet.structures import DetDataSample
from mmengine.registry import DefaultScope

from ipmot_mm.registry import MODELS
from ipmot_mm.structures import TrackQueries


def build_mmdet(num_layers):
    cfg = copy.deepcopy(detector_cfg('plain', num_layers=num_layers))
    for part in (cfg.encoder, cfg.decoder):
        del part['type']
    del cfg.decoder['num_detect_only_layers']
    cfg.encoder.layer_cfg.self_attn_cfg.dropout = 0.0
    cfg.decoder.layer_cfg.cross_attn_cfg.dropout = 0.0
    cfg.decoder.update(return_intermediate=True, post_norm_cfg=None)
    cfg.bbox_head = dict(
        type='mmdet.DeformableDETRHead',
        num_classes=2,
        embed_dims=DIMS,
        loss_cls=dict(type='mmdet.FocalLoss', use_sigmoid=True))
    cfg.update(type='mmdet.DeformableDETR', with_box_refine=True)
    with DefaultScope.overwrite_default_scope('mmdet'):
        return MODELS.build(cfg)


@pytest.mark.parametrize('num_layers', [2, 6])
@pytest.mark.parametrize('img_shapes', [
    [(64, 96), (64, 96)],
    [(64, 96), (41, 59)],
    [(33, 95), (64, 31), (50, 50)],
])
@torch.no_grad()
def test_equals_mmdet(img_shapes, num_layers):
    ours = make_detector('plain', num_layers=num_layers).eval()
    theirs = build_mmdet(num_layers).eval()
    result = theirs.load_state_dict(ours.state_dict(), strict=False)
    assert result.missing_keys == []
    assert all('embed_branches' in key for key in result.unexpected_keys)

    images = make_images(img_shapes)
    samples = [
        DetDataSample(
            metainfo=dict(img_shape=shape, batch_input_shape=(64, 96)))
        for shape in img_shapes
    ]
    encoder_inputs, decoder_inputs = theirs.pre_transformer(
        theirs.extract_feat(images), samples)
    encoded = theirs.forward_encoder(**encoder_inputs)
    memory = ours.encode(images, img_shapes)
    close = dict(rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(memory.features, encoded['memory'], **close)
    torch.testing.assert_close(memory.valid_ratios,
                               encoder_inputs['valid_ratios'])
    if encoder_inputs['feat_mask'] is None:
        assert memory.padding_mask is None
    else:
        assert torch.equal(memory.padding_mask, encoder_inputs['feat_mask'])

    queries, _ = theirs.pre_decoder(**encoded)
    decoder_inputs.update(queries)
    logits, boxes = theirs.bbox_head(**theirs.forward_decoder(
        **decoder_inputs))
    outputs = ours.decode(memory, TrackQueries.empty(len(images), DIMS))
    torch.testing.assert_close(outputs.cls_logits, logits, **close)
    torch.testing.assert_close(outputs.bboxes, boxes, **close)


def test_detect_queries_are_position_and_content():
    detector = make_detector('plain', num_queries=7)
    content, anchors, position = detector.detect_queries()
    rows = detector.query_embedding.weight
    assert torch.equal(position, rows[:, :DIMS])
    assert torch.equal(content, rows[:, DIMS:])
    centres = detector.reference_points_fc(position).sigmoid()
    torch.testing.assert_close(anchors[:, :2], centres)
    assert torch.equal(anchors[:, 2:], torch.full((7, 2), 0.5))


def test_initial_reference_points():
    detector = MODELS.build(detector_cfg('plain'))
    torch.nn.init.constant_(detector.reference_points_fc.bias, 7.0)
    detector.init_weights()
    assert not detector.reference_points_fc.bias.any()
    weight = detector.reference_points_fc.weight
    assert 0 < weight.abs().max() <= (6 / (DIMS + 2))**0.5
