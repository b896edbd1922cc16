"""Errors of each frame, a panel for each sequence."""
import numpy as np
import pytest

from ipmot_mm.visualization.error_timeline import (MAX_PANELS,
                                                   draw_error_timeline)


def counts_of(*rows):
    return {key: np.array(row)
            for key, row in zip(('FP', 'FN', 'IDSW', 'TP'), rows)}


def test_bars_stack_and_switches_are_marked():
    figure = draw_error_timeline({
        'b': counts_of([1, 0, 2], [3, 4, 0], [0, 2, 0], [9, 9, 9]),
        'a': counts_of([0, 0], [0, 0], [0, 0], [1, 1])})
    empty, axes = figure.axes
    assert (empty.get_title(loc='left'), axes.get_title(loc='left')) == (
        'a', 'b')
    bars = [[(bar.get_x() + 0.5, bar.get_y(), bar.get_height())
             for bar in group] for group in axes.containers]
    assert bars[0] == [(1, 0, 1), (2, 0, 0), (3, 0, 2)]
    assert bars[1] == [(1, 1, 3), (2, 0, 4), (3, 2, 0)]
    marks, = axes.collections
    assert marks.get_offsets().tolist() == [[2, 4]]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert sorted(names) == ['FN 7', 'FP 3', 'IDSW 2']
    assert axes.get_ylim()[1] > 4 and empty.get_ylim() == axes.get_ylim()


def test_of_many_sequences_the_worst_are_drawn():
    many = {f'{n:03d}': counts_of([n], [0], [0], [0])
            for n in range(MAX_PANELS + 5)}
    figure = draw_error_timeline(many)
    titles = [axes.get_title(loc='left') for axes in figure.axes]
    assert titles == [f'{n:03d}' for n in range(5, MAX_PANELS + 5)]


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match='at least one sequence'):
        draw_error_timeline({})
