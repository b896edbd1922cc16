"""The loss of a clip, frame by frame, layer by layer and clip by clip.

Slow and with dynamic shapes, from the losses of mmdet and torch: a second
opinion on what :class:`ClipAverageLoss` computes in one batch.
"""
import torch
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps
from torch.nn import functional

from ipmot_mm.structures import NO_GT, NO_IDENTITY


def loop_losses(clip, texts, *, layers, triplet=None, i2tce=None, dedup=None,
                mean=False):
    """All losses; ``triplet`` and others are arguments or None to leave out.

    Args:
        clip (list): (outputs, assignment, targets) of each frame.
    """
    num_layers, num_clips = clip[0][0].cls_logits.shape[:2]
    count = sum(len(target) for _, _, targets in clip for target in targets)
    count = max(count, num_clips)
    losses = {}

    def add(name, layer, value):
        prefix = '' if layer == num_layers - 1 else f'd{layer}.'
        losses[f'{prefix}loss_{name}'] = losses.get(
            f'{prefix}loss_{name}', 0) + value

    for frame in clip:
        for layer in range(num_layers):
            for name, value in frame_terms(*frame, layer).items():
                add(name, layer, value / count)
        if dedup is not None:
            add('dedup', num_layers - 1, dedup_term(*frame, **dedup) / count)
    scale = 1 / (num_clips * (len(layers) if mean else 1))
    for layer in layers:
        for n in range(num_clips):
            embeddings, ids, identities = pool(clip, layer, n)
            if triplet is not None:
                add('triplet', layer,
                    scale * triplet_term(embeddings, ids, **triplet))
            if i2tce is not None:
                add('i2tce', layer,
                    scale * text_term(embeddings, identities, texts, **i2tce))
    return losses


def frame_terms(outputs, assignment, targets, layer):
    sums = dict(cls=0, bbox=0, iou=0)
    for n in range(len(targets)):
        is_supervised = assignment.is_supervised[layer, n]
        inds = assignment.gt_inds[layer, n]
        logits = outputs.cls_logits[layer, n]
        one_hot = torch.zeros_like(logits)
        matched = (is_supervised & (inds != NO_GT)).nonzero().squeeze(1)
        target = targets[n]
        one_hot[matched, target.labels[inds[matched]]] = 1
        focal = py_sigmoid_focal_loss(logits, one_hot, reduction='none')
        sums['cls'] = sums['cls'] + 2 * focal[is_supervised].sum()
        boxes = outputs.bboxes[layer, n, matched]
        truth = target.bboxes_cxcywh[inds[matched]].to(boxes)
        sums['bbox'] = sums['bbox'] + 5 * (boxes - truth).abs().sum()
        giou = bbox_overlaps(
            bbox_cxcywh_to_xyxy(boxes),
            bbox_cxcywh_to_xyxy(truth),
            mode='giou',
            is_aligned=True)
        sums['iou'] = sums['iou'] + 2 * (1 - giou).sum()
    return sums


def dedup_term(outputs, assignment, targets, mode='focal',
               ignores_background=False):
    learns = outputs.valid
    if ignores_background:
        learns = learns & ((assignment.gt_inds[-1] != NO_GT)
                           | ~outputs.is_detect)
    logits = outputs.dedup_logits[learns]
    wanted = assignment.dedup_targets[learns].to(logits)
    if mode == 'focal':
        return 2 * py_sigmoid_focal_loss(logits, wanted, reduction='sum')
    if mode == 'bce':
        return 2 * functional.binary_cross_entropy_with_logits(
            logits, wanted, reduction='sum')
    scores = outputs.cls_logits[-1].sigmoid().amax(-1)[learns]
    scores = (scores * logits.sigmoid()).clamp(1e-6, 1 - 1e-6)
    positive = 0.25 * (1 - scores)**2 * scores.log()
    negative = 0.75 * scores**2 * (1 - scores).log()
    return -2 * torch.where(wanted > 0, positive, negative).sum()


def pool(clip, layer, n):
    """Embeddings, ids and identities of all matched queries of a clip."""
    parts = []
    for outputs, assignment, targets in clip:
        inds = assignment.gt_inds[layer, n]
        matched = assignment.is_supervised[layer, n] & (inds != NO_GT)
        target, inds = targets[n], inds[matched]
        parts.append((outputs.embeddings[layer, n][matched],
                      target.instance_ids[inds], target.identities[inds]))
    return map(torch.cat, zip(*parts))


def triplet_term(embeddings, ids, mode='hard', normalize=False):
    if normalize:
        embeddings = functional.normalize(embeddings, dim=-1)
    terms = []
    for a, anchor in enumerate(embeddings):
        distances = (embeddings - anchor).norm(dim=1)
        is_same = ids == ids[a]
        negatives = distances[~is_same]
        is_same[a] = False
        positives = distances[is_same]
        if len(positives) == 0 or len(negatives) == 0:
            continue
        if mode == 'hard':
            terms.append((positives.max() - negatives.min() + 0.3).clamp(0))
        else:
            terms += [(p - q + 0.3).clamp(0) for p in positives
                      for q in negatives]
    if not terms:
        return embeddings.sum() * 0
    return 2 * sum(terms) / len(terms)


def text_term(embeddings, identities, texts, label_smoothing=0.1,
              logit_scale=None):
    has_text = torch.isin(identities, texts.identities)
    has_text &= identities != NO_IDENTITY
    classes, class_inds = identities[has_text].unique(return_inverse=True)
    if len(classes) < 2:
        return embeddings.sum() * 0
    rows = [texts.identities.tolist().index(i) for i in classes.tolist()]
    features = texts.features[rows].to(embeddings)
    embeddings = embeddings[has_text]
    if logit_scale is not None:
        embeddings = functional.normalize(embeddings, dim=-1)
        features = logit_scale * functional.normalize(features, dim=-1)
    return 4 * functional.cross_entropy(
        embeddings @ features.T, class_inds, label_smoothing=label_smoothing)
