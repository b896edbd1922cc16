import numpy as np
import pytest

from ipmot_mm.registry import TRANSFORMS


def test_reverse_turns_every_list(make_clip):
    clip = make_clip()
    backwards = TRANSFORMS.build(dict(type='ClipReverse', prob=1))(clip)
    assert backwards['frame_id'] == [2, 1, 0]
    for key, values in clip.items():
        for t in range(3):
            assert backwards[key][t] is values[2 - t]
    assert TRANSFORMS.build(dict(type='ClipReverse', prob=0))(clip) is clip


def test_choice_takes_one_pipeline_for_the_clip():
    choice = TRANSFORMS.build(
        dict(
            type='ClipRandomChoice',
            transforms=[[lambda clip: 'a'], [lambda clip: 'b']],
            prob=[0.25, 0.75]))
    np.random.seed(0)
    drawn = [choice({}) for _draw in range(400)]
    assert 0.65 < drawn.count('b') / 400 < 0.85


def test_choice_refuses_probabilities_that_do_not_fit():
    for prob in ([1.0], [0.5, 0.6]):
        with pytest.raises(ValueError, match='must hold 2 numbers'):
            TRANSFORMS.build(
                dict(type='ClipRandomChoice', transforms=[[], []], prob=prob))
