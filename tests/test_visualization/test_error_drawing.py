"""Errors of each kind are seen where they are."""
import numpy as np
import pytest

from ipmot_mm.visualization import error_drawing
from ipmot_mm.visualization.error_drawing import (ERROR_COLORS, MATCH_COLOR,
                                                  draw_error_tile, draw_errors,
                                                  make_error_sheet)

BOX = [20, 30, 40, 50]
KINDS = dict(matches=MATCH_COLOR, false_positives=ERROR_COLORS['FP'],
             misses=ERROR_COLORS['FN'], switches=ERROR_COLORS['IDSW'])


def boxes(kind=None, box=BOX):
    """One box of a kind, none of the others."""
    empty = dict.fromkeys(('matches', 'false_positives', 'misses'),
                          np.zeros((0, 4)))
    empty['switches'] = np.zeros((0, 6))
    if kind is not None:
        extra = [3, 8] if kind == 'switches' else []
        empty[kind] = np.array([[*box, *extra]], float)
    return empty


def is_color(image, color):
    return (image == np.array(color, np.uint8)).all(-1)


@pytest.mark.parametrize('kind', KINDS)
def test_each_kind_has_its_colour_on_the_edge(kind):
    image = np.zeros((120, 160, 3), np.uint8)
    draw_errors(image, **boxes(kind))
    found = is_color(image, KINDS[kind])
    rows, columns = np.nonzero(found[30:, :])
    assert columns.min() >= 18 and columns.max() <= 62
    assert rows.max() <= 52
    left = found[32:78, 20].mean()  # dashes leave about half
    assert 0.3 < left < 0.9 if kind == 'misses' else left == 1
    assert not image[40:70, 30:50].any()  # the person stays visible


def test_nothing_to_draw():
    image = np.full((50, 60, 3), 7, np.uint8)
    draw_errors(image, **boxes())
    assert (image == 7).all()


def test_a_tile_is_scaled_with_its_boxes():
    image = np.zeros((60, 80, 3), np.uint8)
    given = boxes('false_positives', [10, 10, 30, 20])
    tile = draw_error_tile(image, 'a frame 1', 160, **given)
    assert tile.shape[1] == 160 and tile.shape[0] > 120
    found = is_color(tile[-120:], ERROR_COLORS['FP'])
    assert found[20:60, 20].all() and found[20, 20:80].all()
    assert given['false_positives'][0].tolist() == [10, 10, 30, 20]


def test_ids_are_not_scaled(monkeypatch):
    said = []
    monkeypatch.setattr(error_drawing, 'draw_label',
                        lambda image, text, *args: said.append(text))
    draw_error_tile(np.zeros((60, 80, 3), np.uint8), 'a', 160,
                    **boxes('switches'))
    assert said == ['3 > 8']


@pytest.mark.parametrize('count, shape', [(1, (1, 1)), (4, (2, 3)),
                                          (3, (1, 3))])
def test_a_sheet_holds_all_tiles(count, shape):
    tiles = [np.full((90 + i, 200, 3), 10 * i + 5, np.uint8)
             for i in range(count)]
    sheet = make_error_sheet(tiles, 3)
    assert sheet.shape[1] == 200 * shape[1] + 6 * (shape[1] - 1)
    for i in range(count):
        assert is_color(sheet, [10 * i + 5] * 3).sum() >= (90 + i) * 200
    assert sheet.shape[0] >= shape[0] * 90
