"""The detector converted from mmdet's own module computes the same."""
import pytest
import torch
from layout_models import build_tracker
from mmdet.structures import DetDataSample
from mmdet_model import build_mmdet
from official_state import DIMS

from ipmot_mm.checkpoint_layouts import convert, find_fresh, find_layout
from ipmot_mm.structures import TrackQueries

IMG_SHAPES = [(64, 96), (41, 59)]


def outputs_of_mmdet(model, images):
    """Logits and boxes of all layers, by mmdet's own methods."""
    samples = []
    for shape in IMG_SHAPES:
        sample = DetDataSample()
        sample.set_metainfo(
            dict(img_shape=shape, batch_input_shape=images.shape[-2:]))
        samples.append(sample)
    features = model.extract_feat(images)
    encoder_inputs, decoder_inputs = model.pre_transformer(features, samples)
    memory = model.forward_encoder(**encoder_inputs)
    queries, _ = model.pre_decoder(**memory)
    decoder_inputs.update(queries)
    hidden = model.forward_decoder(**decoder_inputs)
    return model.bbox_head(**hidden)


@pytest.mark.parametrize('refines', [True, False])
@torch.no_grad()
def test_scores_and_boxes_are_those_of_mmdet(refines):
    theirs = build_mmdet(with_box_refine=refines)
    state = theirs.state_dict()
    done = convert(state, find_layout(state))
    ours = build_tracker('deformable')
    find_fresh(done, ours.state_dict())
    ours.load_state_dict(done.weights, strict=False)
    images = torch.randn(2, 3, 64, 96)
    for b, (height, width) in enumerate(IMG_SHAPES):
        images[b, :, height:] = images[b, :, :, width:] = 0
    found = ours.detector.decode(
        ours.detector.encode(images, IMG_SHAPES), TrackQueries.empty(2, DIMS))
    logits, boxes = outputs_of_mmdet(theirs, images)
    equal = slice(None) if refines else slice(1)  # see docs/checkpoints.md
    torch.testing.assert_close(
        found.cls_logits[equal], logits[equal, ..., :1], atol=1e-4, rtol=0)
    torch.testing.assert_close(
        found.bboxes[equal], boxes[equal], atol=1e-4, rtol=0)
    assert not torch.allclose(boxes[0], boxes[-1], atol=1e-3)
    assert bool(done.notes) is not refines


def test_missing_biases_of_the_neck_are_zero():
    state = build_mmdet().state_dict()
    assert 'neck.convs.0.conv.bias' not in state
    weights = convert(state, find_layout(state)).weights
    for name in ('convs.2', 'extra_convs.0'):
        assert weights[f'detector.neck.{name}.conv.bias'].equal(
            torch.zeros(DIMS))
    state['neck.convs.1.conv.bias'] = torch.ones(DIMS)
    weights = convert(state, find_layout(state)).weights
    assert weights['detector.neck.convs.1.conv.bias'].equal(torch.ones(DIMS))
