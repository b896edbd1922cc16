"""Clips of random predictions, and slow references of their loss."""
import math

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps

from ipmot_mm.models.losses import ClipFrame, IdentityTexts
from ipmot_mm.structures import NO_GT, FrameAssignment
from ipmot_mm.testing import make_outputs, make_targets

LAYERS, QD, Q, D = 3, 4, 6, 8
DEDUP = dict(type='DeduplicationLoss')
TRIPLET = dict(type='BatchHardTripletLoss', margin=0.3, loss_weight=2.0)
I2TCE = dict(type='ImageToTextLoss', label_smoothing=0.1, loss_weight=4.0)


def random_frame(counts, num_classes=2):
    """A frame of ``len(counts)`` clips: outputs, assignment, targets."""
    batch_size = len(counts)
    valid = torch.ones(batch_size, Q, dtype=torch.bool)
    valid[0, -1] = False
    supervised = valid.repeat(LAYERS, 1, 1)
    supervised[0, :, QD:] = False  # one layer without track queries
    outputs = make_outputs(
        torch.rand(LAYERS, batch_size, Q, 4) * 0.3 + 0.3,
        torch.rand(LAYERS, batch_size, Q, num_classes),
        QD,
        dedup_scores=torch.rand(batch_size, Q),
        valid=valid,
        dims=(8, D))
    targets, gt_inds = [], torch.full((LAYERS, batch_size, Q), NO_GT)
    for n, count in enumerate(counts):
        targets.append(
            make_targets((torch.rand(count, 4) * 0.3 + 0.3).tolist(),
                         identities=[10 * n + i for i in range(count)],
                         labels=torch.randint(num_classes, (count, ))))
        for layer in range(LAYERS):
            some = torch.randperm(Q)[:count]
            gt_inds[layer, n, some] = torch.randperm(count)
    dedup = torch.randint(2, (batch_size, Q)).float()
    return outputs, FrameAssignment(gt_inds, supervised, dedup), targets


def naive_detection(clip):
    """Sums over everything: ``{(name, layer): sum}`` without weights."""
    sums = {(name, layer): 0.0
            for name in ('cls', 'bbox', 'iou') for layer in range(LAYERS)}
    for outputs, assignment, targets in clip:
        for layer, n, q in assignment.is_supervised.nonzero().tolist():
            g = int(assignment.gt_inds[layer, n, q])
            for k, logit in enumerate(outputs.cls_logits[layer, n, q]):
                p = float(logit.sigmoid())
                if g != NO_GT and int(targets[n].labels[g]) == k:
                    sums['cls', layer] -= .25 * (1 - p)**2 * math.log(p)
                else:
                    sums['cls', layer] -= .75 * p**2 * math.log(1 - p)
            if g == NO_GT:
                continue
            box = outputs.bboxes[layer, n, q]
            truth = targets[n].bboxes_cxcywh[g]
            sums['bbox', layer] += float((box - truth).abs().sum())
            giou = bbox_overlaps(
                bbox_cxcywh_to_xyxy(box[None]),
                bbox_cxcywh_to_xyxy(truth[None]),
                mode='giou')
            sums['iou', layer] += 1 - float(giou)
    return sums


def total_targets(clip):
    return sum(len(target) for _, _, targets in clip for target in targets)


def run(loss, clip, texts=None):
    return loss.reduce([ClipFrame(*frame) for frame in clip], texts)


def key(name, layer):
    return name if layer == LAYERS - 1 else f'd{layer}.{name}'


def some_texts():
    identities = torch.tensor([0, 1, 2, 3, 5, 10, 11, 12, 13, 77])
    return IdentityTexts(identities, torch.randn(10, D))
