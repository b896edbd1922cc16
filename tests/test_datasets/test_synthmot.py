"""SynthMOT: pictures and ground truth."""
import colorsys
from dataclasses import replace

import numpy as np
import pytest

from ipmot_mm.datasets.synthmot import (DOMAINS, Domain, generate_sequence,
                                        get_domain, render_sequence)
from ipmot_mm.datasets.synthmot.generator import build_renderer
from ipmot_mm.datasets.synthmot.renderer import NOBODY

NAMES = tuple(DOMAINS)


@pytest.mark.parametrize('name', NAMES)
def test_same_seed_same_frames(name):
    first, second = (generate_sequence(name, 3, 4) for _ in range(2))
    other = generate_sequence(name, 4, 4)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert (first[0] != other[0]).any()


@pytest.mark.parametrize('name', NAMES)
def test_boxes_are_tight_around_what_is_seen(name):
    """A lone figure inside the image, so that all of it is seen."""
    domain = get_domain(
        name, num_persons=(1, 1), occluders=(0, 0), accessories=1.0)
    checked = 0
    for seed in range(12):
        renderer = build_renderer(domain, seed, 12, (224, 128))
        for t in range(0, 12, 4):
            frame = renderer.render(t)
            for person, box in zip(frame.persons, frame.boxes):
                full = np.concatenate([box[:2], box[:2] + box[2:]])
                if (full != np.clip(full, 0, [224, 128, 224, 128])).any():
                    continue
                rows, columns = np.nonzero(frame.owners == person)
                seen = [columns.min(), rows.min(), columns.max(), rows.max()]
                seen = np.add(seen, (0, 0, 1, 1))
                np.testing.assert_allclose(seen, full, atol=1.5)
                checked += 1
    assert checked >= 12


@pytest.mark.parametrize('name', NAMES)
def test_visibility_is_the_share_of_pixels_not_covered(name):
    """Against figures that are drawn alone: who covers whom is the sum."""
    renderer = build_renderer(get_domain(name), 5, 10, (224, 128))
    frame = renderer.render(9)
    assert len(frame.persons) > 2
    assert (frame.visibilities >= 0).all()
    assert (frame.visibilities <= 1).all()
    everyone = renderer.trajectories
    renderer.objects = []
    for i, person in enumerate(frame.persons):
        renderer.trajectories = [
            way if n == person else replace(way, start=10**6)
            for n, way in enumerate(everyone, 1)
        ]
        alone = renderer.render(9)
        whole = (alone.owners == person).sum() / alone.visibilities[0]
        seen = (frame.owners == person).sum()
        assert frame.visibilities[i] == pytest.approx(seen / whole)
        np.testing.assert_allclose(alone.boxes[0], frame.boxes[i])


@pytest.mark.parametrize('name', NAMES)
def test_rows_are_unique_and_touch_the_image(name):
    frames, rows = generate_sequence(name, 7, 40)
    keys = rows[:, :2].astype(int)
    assert len(np.unique(keys, axis=0)) == len(rows)
    assert set(keys[:, 1]) == set(range(1, keys[:, 1].max() + 1))
    x, y, w, h = rows[:, 2:6].T
    assert (w > 0).all() and (h > 0).all()
    assert (x < 224).all() and (x + w > 0).all()
    assert (y < 128).all() and (y + h > 0).all()
    assert rows[:, 8].max() == 1
    assert frames.shape == (40, 128, 224, 3)


def test_hidden_person_keeps_a_row_and_outside_person_has_none():
    # With the camera at chest height, far figures end behind the chest.
    domain = get_domain('street', camera_height=0.7, occluders=(0, 0))
    renderer = build_renderer(domain, 0, 1, (224, 128))
    way = renderer.trajectories[0]
    near, far = (
        replace(way, start=0, x=way.x * 0, z=way.z * 0 + z)
        for z in (2.0, 20.0))
    renderer.trajectories = [near, far]
    hidden = renderer.render(0)
    assert hidden.persons.tolist() == [1, 2]
    assert hidden.visibilities.tolist() == [1, 0]
    assert (hidden.owners != 2).all()
    renderer.trajectories = [near, replace(far, x=far.x + 99)]
    assert renderer.render(0).persons.tolist() == [1]


def test_an_id_keeps_its_clothes():
    """Median hue around the chest stays, while persons walk."""
    domain = get_domain('street', patterns=('plain', ), noise=0.0)
    renderer = build_renderer(domain, 1, 30, (448, 256))
    hues: dict = {}
    for t in range(0, 30, 6):
        frame = renderer.render(t)
        assert frame.owners.min() == NOBODY
        for person, box, seen in zip(frame.persons, frame.boxes,
                                     frame.visibilities):
            if seen > 0.95:
                x, y = box[:2] + box[2:] * (0.5, 0.33)
                color = frame.image[int(y), int(x)] / 255
                hues.setdefault(int(person), []).append(color)
    spreads = [np.ptp(v, axis=0).max() for v in hues.values() if len(v) > 2]
    assert len(spreads) >= 2 and np.median(spreads) < 0.2


def statistics(name: str) -> dict:
    """Measure what domains shall differ in."""
    counts, heights, colors, outfits, bends = [], [], [], [], []
    for seed in range(3):
        sequence = render_sequence(name, seed, 40)
        rows = sequence.rows
        counts.append(len(rows) / 40)
        heights.extend(rows[:, 5])
        colors.append(sequence.frames.mean((0, 1, 2)))
        worn = {look.outfit for look in sequence.persons.values()}
        outfits.append(len(worn) / len(sequence.persons))
        for track in np.unique(rows[:, 1]):
            # The middle of the feet is free of swinging arms' height.
            x = (rows[:, 2] + rows[:, 4] / 2)[rows[:, 1] == track][::5]
            if len(x) > 4:
                bends.append(np.abs(np.diff(x, 2)).mean())
    return dict(
        count=np.mean(counts),
        height=np.median(heights),
        color=np.mean(colors, axis=0),
        outfits=np.mean(outfits),
        bend=np.median(bends))


def test_domains_differ_in_density_palette_clothes_and_motion():
    street, crowd, dance = (statistics(name) for name in NAMES)
    assert NAMES == ('street', 'crowd', 'dance')
    assert 3 <= street['count'] <= 8 and 5 <= dance['count'] <= 9
    assert 10 <= crowd['count'] <= 20
    assert crowd['height'] < street['height'] < dance['height']
    assert dance['outfits'] < 0.25 and street['outfits'] > 0.9
    assert dance['bend'] > 2 * max(street['bend'], crowd['bend'])
    for one, two in ((street, crowd), (crowd, dance), (street, dance)):
        assert np.abs(one['color'] - two['color']).max() > 10
    blue, green, red = dance['color'] / 255
    assert colorsys.rgb_to_hsv(red, green, blue)[2] < 0.5


def test_a_dial_leaves_the_other_factors_alone():
    calm = build_renderer(DOMAINS['street'], 2, 5, (224, 128))
    busy = build_renderer(
        get_domain('street', occluders=(6, 6), noise=9.0), 2, 5, (224, 128))
    np.testing.assert_array_equal(calm.background, busy.background)
    assert calm.looks == busy.looks
    assert len(busy.objects) == 6 != len(calm.objects)


@pytest.mark.parametrize('dials, text', [
    (dict(uniform=1.5), r'uniform is a share in \[0, 1\], got 1.5'),
    (dict(num_persons=(5, 2)), r'num_persons must be \(low, high\)'),
    (dict(patterns=('zebra', )), "patterns must be of .*got .'zebra'"),
    (dict(horizon=0.9), 'feet_range must start below the horizon 0.9'),
    (dict(speeed=1), r"unknown dials \['speeed'\]"),
])
def test_a_wrong_dial_is_named(dials, text):
    with pytest.raises(ValueError, match=text):
        get_domain('street', **dials)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="unknown SynthMOT domain 'moon'"):
        generate_sequence('moon', 0, 1)
    with pytest.raises(ValueError, match='num_frames must be at least 1'):
        generate_sequence('street', 0, 0)
    with pytest.raises(ValueError, match='at least 32 x 32'):
        generate_sequence('street', 0, 1, (8, 8))
    own = Domain(name='own', num_persons=(1, 2))
    assert len(generate_sequence(own, 0, 1)[0]) == 1
