"""The batched loss of a clip against the loops, values and gradients."""
import pytest
import torch
from clip_loss_loops import loop_losses
from clip_loss_samples import D, random_frame, run

from ipmot_mm.models.losses import ClipAverageLoss, IdentityTexts
from ipmot_mm.structures import NO_IDENTITY

RAGGED = [[3, 0, 4], [1, 0, 2], [4, 1, 0]]  # objects of frame t in clip n
GRADED = ('cls_logits', 'bboxes', 'dedup_logits', 'embeddings')


def make_clip(counts, dtype=torch.double):
    """Frames whose outputs want a gradient, of this precision."""
    clip = []
    for number in counts:
        outputs, assignment, targets = random_frame(number)
        outputs = outputs.replace(**{
            name: getattr(outputs, name).to(dtype).requires_grad_()
            for name in GRADED
        })
        clip.append((outputs, assignment, targets))
    return clip


def make_texts():
    identities = torch.tensor([0, 1, 3, 20, 21, 22, 77])
    return IdentityTexts(identities, torch.randn(7, D))


def gradients(losses, clip):
    """Of a sum in which each loss has a weight of its own."""
    total = sum((1 + i) * losses[name]
                for i, name in enumerate(sorted(losses)))
    leaves = [getattr(outputs, name) for outputs, _, _ in clip
              for name in GRADED]
    grads = torch.autograd.grad(total, leaves, allow_unused=True)
    return [torch.zeros_like(leaf) if grad is None else grad
            for leaf, grad in zip(leaves, grads)]


def compare(clip, texts, layers=(0, 1, 2), rtol=1e-10, mean=False, **parts):
    """``parts``: options of the losses ``dedup``, ``triplet``, ``i2tce``."""
    loss = ClipAverageLoss(
        dedup=dict(type='DeduplicationLoss', **parts.get('dedup', {})),
        triplet=dict(type='BatchHardTripletLoss', **parts.get('triplet', {})),
        image_to_text=dict(type='ImageToTextLoss', **parts.get('i2tce', {})),
        align_layers=list(layers),
        align_reduction='mean' if mean else 'sum')
    batched = run(loss, clip, texts)
    options = {name: parts.get(name, {})
               for name in ('dedup', 'triplet', 'i2tce')}
    loops = loop_losses(clip, texts, layers=layers, mean=mean, **options)
    assert set(batched) == set(loops)
    for name, value in loops.items():
        torch.testing.assert_close(batched[name], value, rtol=rtol,
                                   atol=rtol, msg=name)
    for ours, slow in zip(gradients(batched, clip), gradients(loops, clip)):
        torch.testing.assert_close(ours, slow, rtol=rtol, atol=rtol)
    return batched


@pytest.mark.parametrize('counts', [RAGGED, [[0, 0]], [[1], [1]], [[4]]])
@pytest.mark.parametrize('seed', range(3))
def test_ragged_clips(counts, seed):
    torch.manual_seed(seed)
    compare(make_clip(counts), make_texts())


def test_single_precision():
    compare(make_clip(RAGGED, torch.float), make_texts(), rtol=1e-5)


@pytest.mark.parametrize('layers', [(2, ), (0, 2), (1, 2)])
@pytest.mark.parametrize('mean', [False, True])
def test_aligned_layers(layers, mean):
    compare(make_clip(RAGGED), make_texts(), layers=layers, mean=mean)


@pytest.mark.parametrize('options', [
    dict(triplet=dict(mode='all')),
    dict(triplet=dict(mode='all', normalize=True)),
    dict(triplet=dict(normalize=True)),
    dict(i2tce=dict(label_smoothing=0.0)),
    dict(i2tce=dict(logit_scale=7.0)),
    dict(dedup=dict(mode='bce')),
    dict(dedup=dict(mode='score')),
    dict(dedup=dict(ignores_background=True)),
    dict(dedup=dict(mode='score', ignores_background=True)),
])
def test_modes(options):
    compare(make_clip(RAGGED), make_texts(), **options)


def test_identities_without_text_and_objects_without_identity():
    clip = make_clip(RAGGED)
    for _, _, targets in clip:
        for target in targets:
            target.identities[1::2] = NO_IDENTITY
    losses = compare(clip, make_texts())
    assert losses['loss_i2tce'] > 0


@pytest.mark.parametrize('num_texts', [0, 1])
def test_too_few_texts(num_texts):
    texts = make_texts()
    few = IdentityTexts(texts.identities[:num_texts],
                        texts.features[:num_texts])
    assert compare(make_clip(RAGGED), few)['loss_i2tce'] == 0


def test_one_object_for_ever():
    """One identity: nothing to push away, nothing to tell apart."""
    losses = compare(make_clip([[1], [1], [1]]), make_texts())
    assert losses['loss_triplet'] == 0 and losses['loss_i2tce'] == 0


def test_frames_of_different_lengths():
    """Tracks come and go, so that frames have other numbers of queries."""
    clip = make_clip(RAGGED)
    outputs, assignment, targets = clip[1]
    shorter = outputs.replace(**{
        name: getattr(outputs, name)[..., :5, :] for name in
        ('cls_logits', 'bboxes', 'embeddings')
    }, dedup_logits=outputs.dedup_logits[:, :5], valid=outputs.valid[:, :5])
    shortened = type(assignment)(
        assignment.gt_inds[..., :5], assignment.is_supervised[..., :5],
        assignment.dedup_targets[:, :5])
    texts = make_texts()
    loss = ClipAverageLoss(
        triplet=dict(type='BatchHardTripletLoss'),
        image_to_text=dict(type='ImageToTextLoss'), align_layers=2)
    cut = [clip[0], (shorter, shortened, targets), clip[2]]
    slow = loop_losses(cut, texts, layers=(1, 2), triplet={}, i2tce={})
    for name, value in run(loss, cut, texts).items():
        torch.testing.assert_close(value, slow[name], rtol=1e-10, atol=0)
