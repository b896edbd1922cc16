"""Official weights give the same detections after conversion."""
import importlib.util
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from official_forward import OfficialForward
from official_state import (DECODER_LAYERS, DIMS, ENCODER_LAYERS, FFN, GROUPS,
                            HEADS, LEVELS, WIDTHS, random_state_dict)

from ipmot_mm.models.detectors import DABDeformableDetector, DeformableDetector
from ipmot_mm.structures import TrackQueries

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / 'tools' / 'model_converters' / 'detr_to_ipmot.py'
NUM_QUERIES = 5
DETECTORS = {'dab': DABDeformableDetector, 'deformable': DeformableDetector}


@pytest.fixture(scope='module')
def convert():
    spec = importlib.util.spec_from_file_location('detr_to_ipmot', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.convert


def build_detector(layout):
    prefix = 'DABDeformable' if layout == 'dab' else 'Deformable'
    attention = dict(embed_dims=DIMS, num_heads=HEADS, num_levels=LEVELS)
    ffn = dict(embed_dims=DIMS, feedforward_channels=FFN)
    detector = DETECTORS[layout](
        num_queries=NUM_QUERIES,
        num_feature_levels=LEVELS,
        backbone=dict(
            type='mmdet.ResNet',
            depth=18,
            base_channels=WIDTHS[0],
            stem_channels=WIDTHS[0],
            out_indices=(1, 2, 3),
            style='pytorch'),
        neck=dict(
            type='mmdet.ChannelMapper',
            in_channels=list(WIDTHS[1:]),
            kernel_size=1,
            out_channels=DIMS,
            act_cfg=None,
            bias=True,
            norm_cfg=dict(type='GN', num_groups=GROUPS),
            num_outs=LEVELS),
        positional_encoding=dict(
            num_feats=DIMS // 2, normalize=True, offset=-0.5),
        encoder=dict(
            type='DeformableEncoder',
            num_layers=ENCODER_LAYERS,
            layer_cfg=dict(self_attn_cfg=dict(attention), ffn_cfg=ffn)),
        decoder=dict(
            type=f'{prefix}Decoder',
            num_layers=DECODER_LAYERS,
            layer_cfg=dict(
                self_attn_cfg=dict(embed_dims=DIMS, num_heads=HEADS),
                cross_attn_cfg=dict(attention),
                ffn_cfg=ffn)),
        bbox_head=dict(type='TrackHead', num_classes=1, joint_dims=7))
    return detector.eval()


@pytest.mark.parametrize('layout', ['dab', 'deformable'])
@torch.no_grad()
def test_converted_detector_equals_the_official_layout(convert, layout):
    state = random_state_dict(layout, NUM_QUERIES)
    detector = build_detector(layout)
    result = detector.load_state_dict(
        convert(state, num_queries=NUM_QUERIES), strict=False)
    assert result.unexpected_keys == []
    assert sorted(result.missing_keys) == sorted(
        f'bbox_head.embed_branches.{i}.{kind}' for i in range(DECODER_LAYERS)
        for kind in ('weight', 'bias'))

    images = torch.randn(2, 3, 64, 96)
    img_shapes = [(64, 96), (41, 59)]
    for b, (height, width) in enumerate(img_shapes):
        images[b, :, height:] = images[b, :, :, width:] = 0
    outputs = detector.decode(
        detector.encode(images, img_shapes), TrackQueries.empty(2, DIMS))
    for b, img_shape in enumerate(img_shapes):
        logits, boxes = OfficialForward(state)(images[b], img_shape)
        torch.testing.assert_close(
            outputs.cls_logits[:, b], logits[..., 1:2], atol=1e-4, rtol=0)
        torch.testing.assert_close(
            outputs.bboxes[:, b], boxes, atol=1e-4, rtol=0)


@pytest.mark.parametrize('layout', ['dab', 'deformable'])
def test_converter_uses_every_key_once(convert, layout):
    state = random_state_dict(layout, NUM_QUERIES)
    repeated = [k for k in state if 'transformer.decoder.bbox_embed' in k]
    converted = convert(state, num_queries=NUM_QUERIES)
    assert len(converted) == len(state) - len(repeated)


def test_class_row(convert):
    state = random_state_dict('dab', NUM_QUERIES)
    kept = convert(state, num_queries=NUM_QUERIES, class_row=3)
    for kind in ('weight', 'bias'):
        torch.testing.assert_close(kept[f'bbox_head.cls_branches.2.{kind}'],
                                   state[f'class_embed.2.{kind}'][3:4])
    with pytest.raises(ValueError, match=r'class_row must be in \[0, 91\)'):
        convert(state, num_queries=NUM_QUERIES, class_row=91)


@pytest.mark.parametrize('num_queries', [3, 8])
def test_other_number_of_queries_copies_the_first_rows(convert, num_queries):
    state = random_state_dict('dab', NUM_QUERIES)
    with pytest.warns(UserWarning, match='query_anchor.weight has 5 rows'):
        rows = convert(state, num_queries=num_queries)['query_content.weight']
    kept = min(num_queries, NUM_QUERIES)
    assert rows.shape == (num_queries, DIMS)
    assert torch.equal(rows[:kept], state['tgt_embed.weight'][:kept])


def test_unknown_keys_are_refused(convert):
    state = random_state_dict('dab', NUM_QUERIES)
    with pytest.raises(ValueError, match='"deformable" does not know'):
        convert(state, layout='deformable', num_queries=NUM_QUERIES)
    state['transformer.enc_output.weight'] = torch.zeros(1)
    with pytest.raises(ValueError, match='1 keys .* transformer.enc_output'):
        convert(state, num_queries=NUM_QUERIES)


def run_tool(*argv):
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, argv)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={
            'PYTHONPATH': str(ROOT),
            'PATH': ''
        })


def test_command_writes_keys_of_the_whole_model(tmp_path):
    state = random_state_dict('dab', NUM_QUERIES)
    torch.save(
        dict(model=state, args=Namespace(lr=1e-4)), tmp_path / 'src.pth')
    done = run_tool(tmp_path / 'src.pth', tmp_path / 'dst.pth',
                    '--num-queries', 5, '--layout', 'dab')
    assert done.returncode == 0, done.stderr
    written = torch.load(tmp_path / 'dst.pth')['state_dict']
    assert torch.equal(written['detector.query_content.weight'],
                       state['tgt_embed.weight'])


def test_command_names_a_missing_file(tmp_path):
    done = run_tool(tmp_path / 'none.pth', tmp_path / 'dst.pth')
    assert done.returncode == 2
    assert 'checkpoint not found' in done.stderr
    assert not (tmp_path / 'dst.pth').exists()
