"""The picture of who looks at whom."""
import numpy as np
import pytest

from ipmot_mm.structures import NO_ID
from ipmot_mm.visualization.attention_pairs import find_pairs
from ipmot_mm.visualization.attention_plot import draw_attention
from ipmot_mm.visualization.attention_recorder import AttentionMap
from ipmot_mm.visualization.picture_file import to_image
from ipmot_mm.visualization.track_visualizer import track_color

IMAGE = np.full((60, 120, 3), 255, np.uint8)


def make_map(num_tracks):
    """Two detect queries; all tracks talk to the second."""
    size = 2 + num_tracks
    weights = np.full((4, size, size), 0.01, np.float32)
    weights[:, :, 1] = 0.5
    left = np.linspace(0.1, 0.6, size)
    return AttentionMap(
        weights=weights,
        num_detect_queries=2,
        bboxes=np.stack([left, left * 0 + 0.2, left + 0.2, left * 0 + 0.8],
                        1).astype(np.float32),
        cls_scores=np.ones(size),
        scores=np.ones(size),
        track_ids=np.array([NO_ID] * 2 + [3 + n for n in range(num_tracks)]))


def draw(num_tracks):
    attention = make_map(num_tracks)
    return draw_attention(
        IMAGE, attention, find_pairs(attention), title='a video')


def test_boxes_have_the_colours_of_the_tracks():
    image = to_image(draw(2))
    for track_id in (3, 4):
        color = np.array(track_color(track_id)[::-1])
        assert (np.abs(image.astype(int) - color).max(-1) < 6).sum() > 50


def test_rows_and_columns_of_the_map_are_named():
    """A partner that tracks share is there once."""
    frame, matrix = draw(2).axes[:2]
    names = [label.get_text() for label in matrix.get_xticklabels()]
    assert names == ['d1', 't3', 't4']
    shown = matrix.images[0].get_array()
    np.testing.assert_allclose(shown[:, 0], 0.5)
    np.testing.assert_allclose(shown[:, 1:], 0.01)
    assert 'a video' in frame.get_title()
    assert '0% of 2 partners' in frame.get_title()
    assert len(frame.patches) == 2 * 2 * 2  # each box has a white border


@pytest.mark.parametrize('num_tracks, has_numbers', [(10, True), (11, False)])
def test_large_maps_have_no_numbers(num_tracks, has_numbers):
    assert bool(draw(num_tracks).axes[1].texts) == has_numbers


def test_a_frame_without_tracks_is_drawn_too():
    figure = draw(0)
    assert to_image(figure).shape[2] == 3
    assert figure.axes[1].texts[0].get_text() == 'no track in this frame'
