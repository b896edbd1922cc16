"""What the shipped training pipelines draw is what MeMOTR draws.

The rules are written down here once more, from MCG-NJU/MeMOTR @7de13f4
(data/mot17.py:225-270, data/transforms.py).
"""
import numpy as np
import pytest
from shipped_pipelines import CASES, make_clip, run, shipped_pipeline, spied

SHORT_SIZES = [*range(608, 993, 32)]
MAX_LONG = 1536
START = ['ClipRandomFlip']
RESIZED = ['ClipRandomResize', 'ClipHSV']
CROPPED = ['ClipRandomResize', 'ClipRandomCrop', *RESIZED]
NUM_CLIPS = 400


def draw_clips(case, height, width):
    """What is drawn for many clips: a list of log entries for each."""
    log, logs = [], []
    steps = [spied(step, log) for step in shipped_pipeline(*case)]
    for step in steps:  # colours need pixels, the draws do not
        if type(step).__name__ == 'ClipHSV':
            step.needs_pixels = False
            step.transform_frame = lambda frame, params: frame
    clip = make_clip(height, width)
    for seed in range(NUM_CLIPS):
        run(steps, clip, seed)
        logs.append([each for each in log if each[0] != 'FilterBoxes'])
        log.clear()
    return logs


def naive_size(height, width, short, max_long):
    low, high = min(height, width), max(height, width)
    if max_long and high / low * short > max_long:
        short = int(max_long * low / high)
    long = int(short * high / low)
    return (short, long) if height < width else (long, short)


def names_of(log):
    return [name for name, _params, _shape in log]


def drawn(logs, name):
    return [entry for log in logs for entry in log if entry[0] == name]


@pytest.mark.parametrize('case', CASES, ids=str)
def test_what_is_drawn(case):
    rules = CASES[case]
    logs = draw_clips(case, 500, 600)
    flips = [params for _name, params, _shape in drawn(logs, 'ClipRandomFlip')]
    assert len(flips) == NUM_CLIPS and 0.4 < np.mean(flips) < 0.6
    start = START + ['PseudoClipShift'] * (case[1] == 1)
    for log in logs:
        assert names_of(log) in (start + RESIZED, start + CROPPED)
    cropped = [log for log in logs if 'ClipRandomCrop' in names_of(log)]
    assert 0.4 < len(cropped) / NUM_CLIPS < 0.6

    last = [drawn([log], 'ClipRandomResize')[-1] for log in logs]
    alone = [each for log, each in zip(logs, last) if log not in cropped]
    assert {min(size) for _name, size, _shape in alone} == set(SHORT_SIZES)
    for _name, size, shape in last:
        assert max(size) <= MAX_LONG
        assert size in [naive_size(*shape, s, MAX_LONG) for s in SHORT_SIZES]
    first = [drawn([log], 'ClipRandomResize')[0] for log in cropped]
    assert {min(size) for _name, size, _shape in first} == set(
        rules.before_crop)
    for _name, size, shape in first:
        assert size in [naive_size(*shape, s, 0) for s in rules.before_crop]


@pytest.mark.parametrize('case', CASES, ids=str)
def test_crops_span_their_range(case):
    rules = CASES[case]
    sides, places = [], []
    for _name, window, shape in drawn(
            draw_clips(case, 1080, 1920), 'ClipRandomCrop'):
        largest = np.minimum(shape[::-1], rules.high)
        size = np.array([window.x2 - window.x1, window.y2 - window.y1])
        assert (size >= rules.low).all() and (size <= largest).all()
        sides.append((size - rules.low) / np.maximum(largest - rules.low, 1))
        assert window.x1 >= 0 and window.y1 >= 0
        assert window.x2 <= shape[1] and window.y2 <= shape[0]
        places.append(window.x1 / max(shape[1] - size[0], 1))
    assert 0.4 < np.mean([side[0] for side in sides]) < 0.6  # uniform
    assert np.min(sides) < 0.05 and np.max(sides) > 0.95
    assert 0.4 < np.mean(places) < 0.6
    assert min(places) < 0.05 and max(places) > 0.95


@pytest.mark.parametrize('case', CASES, ids=str)
def test_colours(case):
    draws = [
        params for _name, params, _shape in drawn(
            draw_clips(case, 500, 600), 'ClipHSV')
    ]
    changes = np.array(draws)
    assert len(changes) == NUM_CLIPS
    for change, largest in zip(changes.T, (5, 30, 30)):
        # one half times what the number is cut to: less than one is zero
        expected = 0.5 * (1 - 1 / largest)
        assert abs((change != 0).mean() - expected) < 0.1
        assert change.max() == largest - 1 and change.min() == 1 - largest
        assert 0.35 < (change[change != 0] > 0).mean() < 0.65
    together = (changes != 0).all(1).mean()
    assert 0.04 < together < 0.18  # an eighth: they do not depend
