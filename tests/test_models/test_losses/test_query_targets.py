"""What queries have to answer, against loops over queries."""
import numpy as np
import torch
from clip_loss_samples import LAYERS, QD, Q, random_frame

from ipmot_mm.models.losses.query_targets import (NO_CLASS, ClipFrame,
                                                  pool_targets, query_targets)
from ipmot_mm.structures import NO_GT, NO_IDENTITY


def make_frames():
    """Three frames of two clips; the second clip is empty at first."""
    frames = [ClipFrame(*random_frame(counts))
              for counts in ([3, 0], [2, 4], [1, 1])]
    frames[1].targets[1].identities[::2] = NO_IDENTITY
    return frames


def answer(frame, layer, n, q):
    """Object of a query, None for background and where nothing is learned."""
    gt = int(frame.assignment.gt_inds[layer, n, q])
    learns = frame.assignment.is_supervised[layer, n, q]
    return gt if learns and gt != NO_GT else None


def test_every_query_of_every_layer():
    frames = make_frames()
    found = query_targets(frames)
    for t, frame in enumerate(frames):
        for layer, n, q in np.ndindex(LAYERS, 2, Q):
            gt, place = answer(frame, layer, n, q), (layer, n, t * Q + q)
            assert found.is_matched[place] == (gt is not None)
            assert found.is_supervised[place] == bool(
                frame.assignment.is_supervised[layer, n, q])
            label = NO_CLASS
            if gt is not None:
                target = frame.targets[n]
                label = int(target.labels[gt])
                np.testing.assert_array_equal(found.bboxes[place],
                                              target.bboxes_cxcywh[gt])
            assert found.labels[place] == label
    assert np.isfinite(found.bboxes).all()


def test_deduplication_looks_at_the_last_layer():
    frames = make_frames()
    found = query_targets(frames)
    for t, frame in enumerate(frames):
        for n, q in np.ndindex(2, Q):
            place = n, t * Q + q
            is_background = answer(frame, -1, n, q) is None and q < QD
            assert found.is_background[place] == is_background
            assert found.is_valid[place] == bool(frame.outputs.valid[n, q])
            assert found.dedup_targets[place] == float(
                frame.assignment.dedup_targets[n, q])


def test_pools_hold_the_matched_queries_of_a_clip_in_their_order():
    frames, layers = make_frames(), [0, 2]
    found = pool_targets(frames, layers)
    embeddings = torch.cat([
        frame.outputs.embeddings.flatten(0, 2)[places].unflatten(0, (4, -1))
        for frame, places in zip(frames, found.places)
    ], 1).numpy()
    for row, (layer, n) in enumerate([(0, 0), (0, 1), (2, 0), (2, 1)]):
        expected = []
        for frame in frames:
            for q in range(Q):
                gt = answer(frame, layer, n, q)
                if gt is not None:
                    target = frame.targets[n]
                    expected.append((int(target.instance_ids[gt]),
                                     int(target.identities[gt]),
                                     frame.outputs.embeddings[layer, n, q]))
        kept = found.is_valid[row]
        ids, identities, values = zip(*expected)
        assert found.instance_ids[row, kept].tolist() == list(ids)
        assert found.identities[row, kept].tolist() == list(identities)
        assert (found.identities[row, ~kept] == NO_IDENTITY).all()
        np.testing.assert_array_equal(embeddings[row, kept],
                                      torch.stack(values))


def test_a_pool_is_never_without_a_place():
    frames = [ClipFrame(*random_frame([0, 0])) for _ in range(2)]
    found = pool_targets(frames, [1])
    assert found.is_valid.shape == (2, 2) and not found.is_valid.any()
