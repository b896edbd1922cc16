"""SynthMOT: each dial does something, and to its own factor only."""
from dataclasses import fields

import numpy as np
import pytest

from ipmot_mm.datasets.synthmot import (DOMAINS, Domain, derive_domain,
                                        generate_sequence, parse_dials,
                                        render_sequence)
from ipmot_mm.datasets.synthmot.generator import build_renderer

SIZE = (96, 64)
# dial: base, value, factors that may differ from the base's
VIEW = 'motion objects background'
DIALS = dict(
    num_persons=('street', 12, 'motion looks'),
    motion=('street', 'dance', 'motion looks'),
    speed=('street', [0.2, 0.3], 'motion looks'),
    turning=('street', 0.2, 'motion looks'),
    flow=('street', 1.0, 'motion looks'),
    standing=('street', 1.0, 'motion looks'),
    beat=('dance', 5, 'motion'),
    horizon=('street', 0.1, VIEW + ' looks'),
    camera_height=('street', 2.0, VIEW + ' looks'),
    feet_range=('street', [0.7, 0.9], VIEW + ' looks'),
    # How far the camera swings says how much background is painted.
    pan=('street', 0.2, 'camera background'),
    zoom=('street', 0.2, 'camera background'),
    shake=('street', 0.02, 'camera background'),
    background=('street', 'beach', 'background objects'),
    background_colors=('street', ['teal', 'red'], 'background'),
    texture=('street', 1.0, 'background'),
    occluders=('street', 8, 'objects'),
    clothing_colors=('street', ['teal', 'beige'], 'looks'),
    patterns=('street', ['dots'], 'looks'),
    uniform=('street', 1.0, 'looks'),
    accessories=('street', 1.0, 'looks'),
    brightness=('street', [0.4, 0.5], 'lens'),
    spotlights=('street', 3, 'lens'),
    blur=('street', [2.0, 2.0], 'lens'),
    noise=('street', 9.0, 'lens'))


def factors_of(domain: Domain) -> dict:
    """Bytes of what each random stream has decided."""
    scene = build_renderer(domain, 3, 20, SIZE)
    card = np.tile(np.uint8([[[90]], [[160]]]), (SIZE[1] // 2, SIZE[0], 3))
    ways = [vars(way) for way in scene.trajectories]
    return dict(
        camera=str(vars(scene.path)),
        motion=[{k: np.asarray(v).tobytes() for k, v in way.items()}
                for way in ways],
        looks=scene.looks,
        background=(scene.background.shape, scene.background.tobytes()),
        objects=scene.objects,
        lens=scene.lens.expose(card, 2).tobytes())


def test_the_table_has_every_dial():
    assert set(DIALS) == {f.name for f in fields(Domain)} - {'name', 'scenes'}


@pytest.mark.parametrize('dial', DIALS)
def test_a_dial_changes_pixels_and_its_own_factor_only(dial):
    base, value, allowed = DIALS[dial]
    turned = derive_domain(base, **{dial: value})
    # Two dials draw from words of their own only.
    before, after = factors_of(DOMAINS[base]), factors_of(turned)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= set(allowed.split()) and changed
    one, two = (generate_sequence(d, 3, 20, SIZE) for d in (base, turned))
    assert (one[0] != two[0]).any()


def test_uniform_changes_clothes_alone_and_is_nested():
    """Who wears it at a low share wears it at a higher one, on one body."""
    shares = (0, 0.25, 0.5, 0.75, 1)
    worn = []
    for share in shares:
        looks, boxes = [], []
        for seed in range(4):
            domain = derive_domain('street', uniform=share)
            sequence = render_sequence(domain, seed, 12)
            looks += sequence.persons.values()
            boxes.append(sequence.rows)
        worn.append((looks, np.concatenate(boxes)))
    first, rows = worn[0]
    for looks, others in worn[1:]:
        np.testing.assert_array_equal(rows[:, :2], others[:, :2])
        # A skirt is wider than a leg; the bodies are the same.
        np.testing.assert_allclose(rows[:, 2:6], others[:, 2:6], atol=3.5)
        for look, other in zip(first, looks):
            for name in ('hair', 'hat', 'bag', 'stature', 'build'):
                assert getattr(look, name) == getattr(other, name)
            assert look.shades['skin'] == other.shades['skin']
    own = [{i for i, look in enumerate(looks) if look.outfit ==
            first[i].outfit} for looks, _ in worn]
    assert all(b < a for a, b in zip(own, own[1:]))
    assert not own[-1] and len(own[2]) in range(5, len(first) - 4)


def test_a_derived_domain_keeps_the_scene_and_another_name_does_not():
    derived = derive_domain(DOMAINS['street'], 'dim', brightness=[0.3, 0.3])
    again = derive_domain(derived, noise=0.0)
    assert (derived.name, derived.scenes) == ('dim', 'street')
    assert (again.name, again.scenes) == ('dim-noise-0.0', 'street')
    rows = [generate_sequence(d, 1, 5, SIZE)[1]
            for d in ('street', derived, again, Domain('dim', (4, 8)))]
    np.testing.assert_array_equal(rows[0], rows[1])
    np.testing.assert_array_equal(rows[0], rows[2])
    assert rows[0].shape != rows[3].shape or (rows[0] != rows[3]).any()


def test_dials_are_read_from_texts():
    dials = parse_dials(
        ['uniform=0.5', 'occluders=[4,6]', 'motion=dance', 'patterns=dots'])
    domain = derive_domain('street', **dials)
    assert (domain.uniform, domain.motion) == (0.5, 'dance')
    assert (domain.occluders, domain.patterns) == ((4, 6), ('dots', ))
    assert domain.name == ('street-uniform-0.5-occluders-4-6-motion-dance-'
                           'patterns-dots')
    assert derive_domain('street', num_persons=7).num_persons == (7, 7)
    assert derive_domain('street', horizon=-0.1).name == 'street-horizon--0.1'


@pytest.mark.parametrize('texts', [['uniform'], ['=1'], ['name=a'],
                                   ['blur=[1,2]', 'blur=[0,1]']])
def test_a_text_that_is_no_dial_is_named(texts):
    with pytest.raises(ValueError, match=r'must be KEY=VALUE .*uniform=0.5'):
        parse_dials(texts)


@pytest.mark.parametrize('dials, text', [
    (dict(uniform='much'), "uniform must be of type float, got 'much'"),
    (dict(beat=1.5), 'beat must be of type int, got 1.5'),
    (dict(num_persons=1.5), r'in whole numbers, got \(1.5, 1.5\)'),
    (dict(speed=['a', 'b']), r"speed must be \(low, high\)"),
    (dict(name='a/b'), "named by letters, digits and .* got 'a/b'"),
    (dict(name='..'), "named by letters, digits and .* got '..'"),
])
def test_a_dial_of_a_wrong_type_is_named(dials, text):
    with pytest.raises(ValueError, match=text):
        derive_domain('street', **dials)


def test_frame_step_keeps_every_nth_frame():
    slow = render_sequence('street', 2, 3, SIZE, frame_step=4)
    fast = render_sequence('street', 2, 12, SIZE)
    np.testing.assert_array_equal(slow.frames, fast.frames[::4])
    kept = fast.rows[(fast.rows[:, 0] - 1) % 4 == 0]
    np.testing.assert_array_equal(slow.rows[:, 2:], kept[:, 2:])
    with pytest.raises(ValueError, match='so must frame_step, got 3 and 0'):
        render_sequence('street', 2, 3, SIZE, frame_step=0)
