"""Tracks dropped at random in training, to be found anew."""
import pytest
import torch

from ipmot_mm.models.task_modules import ClipAssigner
from ipmot_mm.structures import TrackQueries
from ipmot_mm.testing import make_outputs, make_targets

NUM_OBJECTS = 200


def kept_ids(drop_prob, *, scores_seed=0):
    """Ids that live on when every object is found exactly."""
    generator = torch.Generator().manual_seed(scores_seed)
    centres = torch.linspace(0.05, 0.95, NUM_OBJECTS)
    boxes = torch.stack([
        centres,
        torch.full_like(centres, 0.5),
        torch.full_like(centres, 0.004),
        torch.full_like(centres, 0.2)
    ], -1)
    scores = 0.6 + 0.3 * torch.rand(NUM_OBJECTS, generator=generator)
    outputs = make_outputs(boxes[None, None], scores[None, None, :, None],
                           NUM_OBJECTS)
    assigner = ClipAssigner(track_drop_prob=drop_prob)
    _, selection = assigner(outputs, TrackQueries.empty(1, 8),
                            [make_targets(boxes.tolist())])
    return set(selection.ids[0].tolist())


def test_share_of_dropped_tracks_is_the_probability():
    everyone = set(range(1, NUM_OBJECTS + 1))
    assert kept_ids(0.0) == everyone
    assert kept_ids(1.0) == set()
    kept = kept_ids(0.3)
    assert kept < everyone
    assert 0.6 < len(kept) / NUM_OBJECTS < 0.8  # three standard deviations


def test_same_scores_drop_the_same_tracks():
    assert kept_ids(0.3) == kept_ids(0.3)
    assert kept_ids(0.3) != kept_ids(0.3, scores_seed=1)


@pytest.mark.parametrize('key, value, message', [
    ('track_drop_prob', 20, r'must lie in \[0, 1\], got 20'),
    ('track_drop_prob', -0.1, r'must lie in \[0, 1\], got -0.1'),
    ('max_track_queries', -1, 'must not be negative, got -1; .* large number'),
])
def test_numbers_that_would_drop_the_wrong_tracks(key, value, message):
    """-1 would drop the last track, 20 (per cent) all of them."""
    with pytest.raises(ValueError, match=f'assigner.{key} {message}'):
        ClipAssigner(**{key: value})
