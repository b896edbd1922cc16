"""Boxes, ids and trails in pictures."""
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from ipmot_mm import visualization
from ipmot_mm.visualization import TrackVisualizer, track_color


def tracks(*boxes, ids=None, scores=None) -> InstanceData:
    """Tracks with ids 1, 2, ... and score 1 unless told otherwise."""
    count = len(boxes)
    return InstanceData(
        bboxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        scores=torch.tensor(scores or [1.0] * count),
        labels=torch.zeros(count, dtype=torch.int64),
        instances_id=torch.tensor(
            ids or list(range(1, count + 1)), dtype=torch.int64))


def test_colors_are_stable_and_far_apart():
    colors = [track_color(i) for i in range(1, 31)]
    assert colors == [track_color(i) for i in range(1, 31)]
    gaps = [
        np.abs(np.subtract(a, b)).sum() for i, a in enumerate(colors)
        for b in colors[:i]
    ]
    assert min(gaps) > 15
    near = [np.abs(np.subtract(a, b)).sum()
            for a, b in zip(colors, colors[1:])]
    assert min(near) > 150


def test_box_is_drawn_where_it_is_and_input_is_kept():
    image = np.zeros((80, 100, 3), np.uint8)
    drawn = TrackVisualizer(trail_length=0).draw(image,
                                                 tracks([20, 40, 60, 70]))
    assert not image.any()
    assert tuple(drawn[55, 20]) == tuple(drawn[70, 40]) == track_color(1)
    assert not drawn[50:65, 25:55].any() and not drawn[75:].any()


def test_score_threshold_and_empty_frames():
    image = np.zeros((80, 100, 3), np.uint8)
    visualizer = TrackVisualizer(score_thr=0.5)
    assert not visualizer.draw(image, tracks()).any()
    low = tracks([20, 40, 60, 70], scores=[0.4])
    assert not visualizer.draw(image, low).any()
    assert visualizer.draw(image, tracks([20, 40, 60, 70])).any()


@pytest.mark.parametrize('shown', ['boxes', 'ids', 'scores', 'trails', None])
def test_each_part_can_be_left_out(shown):
    image = np.zeros((80, 100, 3), np.uint8)
    visualizer = TrackVisualizer(
        trail_length=9 if shown == 'trails' else 0,
        with_boxes=shown == 'boxes',
        with_ids=shown == 'ids',
        with_scores=shown == 'scores')
    for x in (20, 40):
        drawn = visualizer.draw(image, tracks([x, 40, x + 20, 70]))
    places = dict(
        boxes=drawn[55, 40].any(), trails=drawn[70, 40].any(),
        ids=drawn[30:38, 41:80].any())
    places['scores'] = places['ids']
    assert drawn.any() == (shown is not None)
    assert shown is None or places[shown]
    if shown in ('ids', 'scores'):  # a score is longer than an id
        assert drawn[30:42, 48:].any() == (shown == 'scores')


def test_boxes_beyond_the_image_are_legal():
    image = np.zeros((40, 40, 3), np.uint8)
    drawn = TrackVisualizer(with_scores=True).draw(
        image, tracks([-30, -20, 30, 60], [35, 35, 90, 90]))
    assert drawn.shape == image.shape and drawn.any()


def test_trail_follows_the_feet_then_fades_and_reset_forgets():
    image = np.zeros((80, 200, 3), np.uint8)
    visualizer = TrackVisualizer(trail_length=3)
    for x in (0, 40, 80):
        drawn = visualizer.draw(image, tracks([x, 20, x + 20, 60]))
    # Anti-aliased, so the colour is only nearly that of the track.
    np.testing.assert_allclose(drawn[60, 40], track_color(1), atol=30)
    for _ in range(3):
        drawn = visualizer.draw(image, tracks())
    assert not drawn.any()
    visualizer.draw(image, tracks([0, 20, 20, 60]))
    visualizer.reset()
    drawn = visualizer.draw(image, tracks([80, 20, 100, 60]))
    assert not drawn[:, :75].any()


def test_matplotlib_is_not_used():
    files = list(Path(visualization.__file__).parent.glob('*.py'))
    assert len(files) >= 3
    assert not [f for f in files if 'import matplotlib' in f.read_text()]
