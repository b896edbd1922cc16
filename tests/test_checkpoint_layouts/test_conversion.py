"""What a detector computes is the same after its conversion."""
import pytest
import torch
from layout_models import build_tracker
from official_forward import OfficialForward
from official_state import DIMS, random_state_dict, two_stage, unrefined
from other_states import detrex_state

from ipmot_mm.checkpoint_layouts import LAYOUTS, convert, find_layout
from ipmot_mm.structures import TrackQueries

KINDS = ('dab', 'deformable')


def loaded(converted, kind, **sizes):
    """A tracker with the weights; what they lack stays random."""
    model = build_tracker(kind, **sizes)
    result = model.load_state_dict(converted.weights, strict=False)
    assert result.unexpected_keys == []
    return model


def detections(model, images, img_shapes):
    tracks = TrackQueries.empty(len(images), DIMS)
    return model.detector.decode(
        model.detector.encode(images, img_shapes), tracks)


def padded_images():
    images, img_shapes = torch.randn(2, 3, 64, 96), [(64, 96), (41, 59)]
    for b, (height, width) in enumerate(img_shapes):
        images[b, :, height:] = images[b, :, :, width:] = 0
    return images, img_shapes


@pytest.mark.parametrize('rename', [dict, detrex_state])
@pytest.mark.parametrize('kind', KINDS)
@torch.no_grad()
def test_boxes_and_scores_are_those_of_the_official_network(kind, rename):
    state = random_state_dict(kind)
    source = rename(state)
    converted = convert(source, find_layout(source))
    assert converted.notes == ()
    model = loaded(converted, kind)
    images, img_shapes = padded_images()
    outputs = detections(model, images, img_shapes)
    for b, img_shape in enumerate(img_shapes):
        logits, boxes = OfficialForward(state)(images[b], img_shape)
        torch.testing.assert_close(
            outputs.cls_logits[:, b], logits[..., 1:2], atol=1e-4, rtol=0)
        torch.testing.assert_close(
            outputs.bboxes[:, b], boxes, atol=1e-4, rtol=0)


@pytest.mark.parametrize('rows, kept', [(91, 1), (80, 0), (1, 0)])
def test_the_person_is_found_by_the_number_of_classes(rows, kept):
    state = random_state_dict('dab', classes=rows)
    weights = convert(state, LAYOUTS['dab']).weights
    for kind in ('weight', 'bias'):
        assert weights[f'detector.bbox_head.cls_branches.2.{kind}'].equal(
            state[f'class_embed.2.{kind}'][kept:kept + 1])


def test_class_rows_in_the_order_of_the_tracker():
    state = random_state_dict('dab', classes=20)
    found = convert(state, LAYOUTS['dab'], class_rows=[7, 3]).weights
    bias = state['class_embed.1.bias']
    assert found['detector.bbox_head.cls_branches.1.bias'].tolist() == [
        bias[7], bias[3]
    ]
    for rows in (None, [20], [-1]):
        with pytest.raises(
                ValueError, match=r'rows of .* in \[0, 20\), got .*--class'):
            convert(state, LAYOUTS['dab'], class_rows=rows)


@pytest.mark.parametrize('num_queries', [3, 8])
def test_other_number_of_queries_copies_the_first_rows(num_queries):
    state = random_state_dict('dab')
    done = convert(state, LAYOUTS['dab'], num_queries=num_queries)
    kept = min(num_queries, 5)
    rows = done.weights['detector.query_content.weight']
    assert rows.shape == (num_queries, DIMS)
    assert rows[:kept].equal(state['tgt_embed.weight'][:kept])
    assert done.notes[0].endswith(
        f'{kept} of 5 rows are copied, {num_queries - kept} start at random')
    again = convert(state, LAYOUTS['dab'], num_queries=num_queries)
    assert again.weights['detector.query_content.weight'].equal(rows)


@pytest.mark.parametrize('rename', [dict, detrex_state])
@pytest.mark.parametrize('kind', KINDS)
def test_two_stage_keeps_all_but_queries(kind, rename):
    state = rename(two_stage(random_state_dict(kind)))
    done = convert(state, LAYOUTS[
        'detrex'] if rename is detrex_state else find_layout(state))
    assert 'two-stage detector: it has no detect queries' in done.notes[0]
    assert done.dropped['class_embed.3.bias'].startswith('branch of the fir')
    model = loaded(done, kind)
    assert model.detector.decoder.layers[2].norms[0].weight.equal(
        state['transformer.decoder.layers.2.norm2.weight'
              if rename is dict else
              'transformer.decoder.layers.2.norms.0.weight'])


@torch.no_grad()
def test_without_refinement_the_first_layer_is_the_same():
    state = unrefined(random_state_dict('deformable'))
    done = convert(state, find_layout(state))
    assert 'no iterative box refinement' in done.notes[0]
    assert {key.split('.')[3] for key in done.weights
            if key.startswith('detector.bbox_head.reg_')} == {'0'}
    model = loaded(done, 'deformable')
    images, img_shapes = padded_images()
    outputs = detections(model, images, img_shapes)
    logits, boxes = OfficialForward(state)(images[0], img_shapes[0])
    torch.testing.assert_close(
        outputs.bboxes[0, 0], boxes[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(
        outputs.cls_logits[0, 0], logits[0, :, 1:2], atol=1e-4, rtol=0)


def test_unknown_keys_are_refused():
    state = random_state_dict('dab')
    with pytest.raises(ValueError, match='layout "deformable" does not know'):
        convert(state, LAYOUTS['deformable'])
    state['patterns_embed.weight'] = torch.zeros(1)
    with pytest.raises(ValueError, match='1 keys .* as patterns_embed.wei'):
        convert(state, LAYOUTS['dab'])
