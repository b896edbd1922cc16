"""The loss of a clip against loops over frames, layers and queries."""
import pytest
import torch
from clip_loss_loops import dedup_term, text_term
from clip_loss_samples import (DEDUP, I2TCE, TRIPLET, D, key, naive_detection,
                               random_frame, run, some_texts)

from ipmot_mm.models.losses import ClipAverageLoss, IdentityTexts
from ipmot_mm.structures import NO_GT, NO_IDENTITY


def test_detection_terms_equal_loops():
    clip = [random_frame([3, 1]), random_frame([2, 0]), random_frame([4, 2])]
    losses = run(
        ClipAverageLoss(cls_weight=2.5, bbox_weight=7.0, iou_weight=3.0), clip)
    weights = dict(cls=2.5, bbox=7.0, iou=3.0)
    sums = naive_detection(clip)
    assert set(losses) == {
        key(f'loss_{name}', layer) for name, layer in sums
    }
    for (name, layer), value in sums.items():
        assert float(losses[key(f'loss_{name}', layer)]) == pytest.approx(
            weights[name] * value / 12, rel=1e-4)


def test_dedup_is_normalised_and_has_one_key():
    clip = [random_frame([3]), random_frame([2])]
    loss = ClipAverageLoss(dedup=DEDUP)
    losses = run(loss, clip)
    expected = sum(dedup_term(*frame) for frame in clip) / 5
    torch.testing.assert_close(losses['loss_dedup'], expected)
    assert [name for name in losses if 'dedup' in name] == ['loss_dedup']


@pytest.mark.parametrize('counts', [[0], [0, 0]])
def test_without_objects_box_losses_are_exactly_zero(counts):
    clip = [random_frame(counts), random_frame(counts)]
    for outputs, _, _ in clip:
        outputs.bboxes.requires_grad_()
        outputs.embeddings.requires_grad_()
    losses = run(
        ClipAverageLoss(dedup=DEDUP, triplet=TRIPLET, image_to_text=I2TCE),
        clip,
        IdentityTexts(torch.zeros(0, dtype=torch.long), torch.zeros(0, D)))
    for name, value in losses.items():
        assert value.isfinite()
        is_zero = 'cls' not in name and 'dedup' not in name
        assert (value == 0) == is_zero, name
    sum(losses.values()).backward()  # the graph is there for every rank
    assert clip[0][0].bboxes.grad.eq(0).all()


def test_degenerate_boxes_of_unmatched_queries_give_no_nan():
    clip = [random_frame([2])]
    boxes = clip[0][0].bboxes.clone()
    unmatched = clip[0][1].gt_inds == NO_GT
    boxes[unmatched] = torch.tensor([0.5, 0.5, 0.0, 0.0])
    boxes.requires_grad_()
    losses = run(ClipAverageLoss(),
                 [(clip[0][0].replace(bboxes=boxes), *clip[0][1:])])
    sum(losses.values()).backward()
    assert boxes.grad.isfinite().all()
    assert boxes.grad[unmatched].eq(0).all()


def test_five_of_six_layers_by_default():
    loss = ClipAverageLoss()
    assert loss.aligned_layers(6) == [1, 2, 3, 4, 5]
    assert loss.aligned_layers(2) == [0, 1]


def test_objects_without_identity_or_text_are_left_out_of_i2tce():
    outputs, assignment, targets = random_frame([4])
    object.__setattr__(targets[0], 'identities',
                       torch.tensor([0, NO_IDENTITY, 2, 60]))
    assignment.gt_inds[-1, 0] = torch.tensor([3, 0, 1, NO_GT, 2, NO_GT])
    texts = some_texts()  # has 0 and 2, not 60
    losses = run(
        ClipAverageLoss(image_to_text=I2TCE, align_layers=1),
        [(outputs, assignment, targets)], texts)
    embeddings = outputs.embeddings[-1, 0]
    expected = text_term(embeddings[[1, 4]], torch.tensor([0, 2]), texts)
    torch.testing.assert_close(losses['loss_i2tce'], expected)


def test_triplets_need_no_identity():
    """Persons of CrowdHuman without a row of the TrackBook."""
    clip = [random_frame([4]), random_frame([4])]
    loss = ClipAverageLoss(triplet=TRIPLET, image_to_text=I2TCE)
    known = run(loss, clip, some_texts())
    for _, _, targets in clip:
        targets[0].identities.fill_(NO_IDENTITY)
    unknown = run(loss, clip, some_texts())
    assert known['loss_triplet'] > 0 and known['loss_i2tce'] > 0
    assert unknown['loss_triplet'] == known['loss_triplet']
    assert unknown['loss_i2tce'] == 0


def test_needs_what_it_aligns():
    outputs, assignment, targets = random_frame([2])
    loss = ClipAverageLoss(image_to_text=I2TCE)
    with pytest.raises(ValueError, match='needs a TrackBook; set '
                       'model.track_book'):
        run(loss, [(outputs, assignment, targets)])
    with pytest.raises(ValueError, match='needs a deduplication module; set '
                       'model.dedup'):
        run(ClipAverageLoss(dedup=DEDUP),
            [(outputs.replace(dedup_logits=None), assignment, targets)])
    bare = outputs.replace(embeddings=None)
    with pytest.raises(ValueError, match='set detector.bbox_head.joint_dims'):
        run(loss, [(bare, assignment, targets)], some_texts())


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="\"sum\" or \"mean\", got 'max'"):
        ClipAverageLoss(align_reduction='max')
    for layers in (0, -2, []):
        with pytest.raises(ValueError, match='align_layers must'):
            ClipAverageLoss(align_layers=layers)
    with pytest.raises(ValueError, match='align_layers .* 3 decoder layers'):
        ClipAverageLoss(align_layers=[4]).aligned_layers(3)
