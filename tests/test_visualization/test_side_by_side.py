"""Trackers beside one another."""
import numpy as np
import pytest

from ipmot_mm.visualization.error_drawing import ERROR_COLORS
from ipmot_mm.visualization.side_by_side import (SWITCH_FRAMES, TITLE_HEIGHT,
                                                 TrackPanel,
                                                 draw_contact_sheet,
                                                 draw_panel, draw_side_by_side,
                                                 join_column, join_row)
from ipmot_mm.visualization.track_visualizer import track_color

IMAGE = np.zeros((50, 100, 3), np.uint8)
ROWS = np.array([[1, 3, 10, 20, 20, 20], [1, 4, 60, 20, 20, 20],
                 [2, 4, 10, 20, 20, 20],
                 [2 + SWITCH_FRAMES, 4, 10, 20, 20, 20]], float)


def has(image, color):
    """Whether a line of this colour is in an image."""
    return (image == np.array(color)).all(-1).sum() > 20


@pytest.fixture
def panel():
    return TrackPanel('A', ROWS, np.array([[2, 4, 3]]))


def test_boxes_are_those_of_the_frame_in_the_size_of_the_panel(panel):
    tile = draw_panel(IMAGE, panel, 1, 200)
    assert tile.shape == (100 + TITLE_HEIGHT, 200, 3)
    colored = (tile[TITLE_HEIGHT:] == track_color(3)).all(-1)
    rows, columns = np.nonzero(colored)
    assert abs(columns.min() - 20) <= 1 and abs(columns.max() - 60) <= 1
    assert abs(rows.max() - 80) <= 1
    assert not has(draw_panel(IMAGE, panel, 2, 200), track_color(3))


@pytest.mark.parametrize('frame, marked', [
    (1, False), (2, True), (2 + SWITCH_FRAMES, False)])
def test_a_switch_is_marked_for_some_frames(panel, frame, marked):
    tile = draw_panel(IMAGE, panel, frame, 200)
    assert has(tile[TITLE_HEIGHT:], ERROR_COLORS['IDSW']) == marked


def test_the_title_counts_switches_up_to_the_frame(panel):
    assert [panel.heading(frame) for frame in (1, 2, 9)] == [
        'A: 0 id switches', 'A: 1 id switch', 'A: 1 id switch']
    assert TrackPanel('A', ROWS).heading(2) == 'A'


def test_rows_and_columns_of_any_size():
    tiles = [np.full((4, 6, 3), 1, np.uint8), np.full((8, 5, 3), 2, np.uint8)]
    row = join_row(tiles)
    assert len(row) == 8 and (row[:4, :6] == 1).all()
    assert (row[:, -5:] == 2).all() and (row[4:, :6] == 255).all()
    column = join_column([tiles[1], tiles[0]])
    assert column.shape[0] % 2 == column.shape[1] % 2 == 0
    assert (column[-4:, :6] == 1).all()


def test_videos_are_rows_and_trackers_columns(panel):
    other = TrackPanel('B', ROWS[:0])
    image = draw_side_by_side([IMAGE, IMAGE], [[panel, other], [other, panel]],
                              ['x', 'y'], 1, 100)
    half = len(image) // 2
    first, second = image[:half], image[half:]
    assert has(first[:, :100], track_color(3))
    assert not has(first[:, 106:], track_color(3))
    assert has(second[:, 106:], track_color(3))


def test_frames_of_a_sheet_are_columns(panel):
    sheet = draw_contact_sheet([IMAGE, IMAGE], [panel], 'x', [1, 2], 100)
    assert has(sheet[:, :100], track_color(3))
    assert has(sheet[:, 106:], ERROR_COLORS['IDSW'])
