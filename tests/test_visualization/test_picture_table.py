"""Pictures in rows and columns."""
import numpy as np
import pytest

from ipmot_mm.visualization.neighbor_table import draw_neighbors
from ipmot_mm.visualization.picture_file import to_image
from ipmot_mm.visualization.picture_table import Cell, draw_picture_table

RED, BLUE = (200, 0, 0), (0, 0, 200)


def plain(color, height=40, width=20):
    return np.full((height, width, 3), color, np.uint8)


def places(image, color):
    """Rows and columns of a colour, with the rounding of the resizing."""
    found = np.abs(image.astype(int) - color).max(-1) < 12
    assert found.any()
    return np.nonzero(found)


def test_pictures_keep_their_shape_and_order():
    figure = draw_picture_table(
        [[Cell(plain(RED), 'one'), Cell(plain(BLUE, 20, 40), 'two')],
         [Cell(None, 'nobody')]], column_titles=['first', 'second'])
    image = to_image(figure)
    red_y, red_x = places(image, RED)
    blue_y, blue_x = places(image, BLUE)
    assert red_x.max() < blue_x.min()
    assert np.ptp(red_y) / np.ptp(red_x) == pytest.approx(2, rel=0.1)
    assert np.ptp(blue_x) / np.ptp(blue_y) == pytest.approx(2, rel=0.1)
    # both stand on their captions
    assert red_y.max() == pytest.approx(blue_y.max(), abs=3)
    texts = [each.get_text() for axes in figure.axes for each in axes.texts]
    assert {'one', 'two', 'nobody', 'no picture'} <= set(texts)
    assert [axes.get_title() for axes in figure.axes[:2]] == [
        'first', 'second']


def test_neighbours_have_names_and_cosines():
    keys = [('d', 'V-1', 3), ('d', 'V-2', 5)]
    figure = draw_neighbors(
        [keys[0]], [[(keys[1], 0.5)]], {keys[1]: plain(RED)}, ['a note'])
    texts = [each.get_text() for axes in figure.axes for each in axes.texts]
    assert texts == ['no picture', 'V-1:3', 'V-2:5\n0.500', 'a note']


def test_an_empty_table_is_refused():
    with pytest.raises(ValueError, match='at least one row'):
        draw_picture_table([], column_titles=['a'])
