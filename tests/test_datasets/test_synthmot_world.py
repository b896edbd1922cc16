"""SynthMOT: the family of domains for pretraining."""
import json

import numpy as np
import pytest

from ipmot_mm.datasets.synthmot import (DOMAINS, WORLD, generate_sequence,
                                        get_domain, render_sequence,
                                        sample_world, write_synthmot)
from ipmot_mm.datasets.synthmot.domains import BACKGROUNDS, WORLD_BACKGROUNDS

WORLDS = [sample_world((0, 0, number)) for number in range(300)]


def heights_of(domain):
    """Least and largest height of a mean person, share of the image."""
    feet = np.array(domain.feet_range)
    return (feet - domain.horizon) / domain.camera_height


def test_worlds_cover_the_scales_and_densities_of_the_domains():
    heights = np.array([heights_of(world) for world in WORLDS])
    counts = np.array([world.num_persons[0] for world in WORLDS])
    for domain in DOMAINS.values():
        low, high = heights_of(domain)
        assert (heights[:, 0] < low).mean() > 0.1
        assert (heights[:, 1] > high).mean() > 0.1
    assert counts.min() == 2 and counts.max() == 20
    assert (counts > 12).mean() > 0.1


def test_worlds_show_places_that_no_test_domain_has():
    places = {world.background for world in WORLDS}
    assert places == set(WORLD_BACKGROUNDS)
    tested = {domain.background for domain in DOMAINS.values()}
    assert not places & tested and places | tested == set(BACKGROUNDS)
    assert WORLD not in DOMAINS


def test_every_world_is_another_and_repeats():
    dials = {json.dumps(vars(world)) for world in WORLDS}
    assert len(dials) == len(WORLDS)
    assert sample_world((0, 0, 7)) == WORLDS[7]
    first, again = (render_sequence(WORLD, 5, 2, (64, 48)) for _ in '12')
    np.testing.assert_array_equal(first.frames, again.frames)
    other = render_sequence(WORLD, 6, 2, (64, 48))
    assert (first.frames != other.frames).any()


@pytest.mark.parametrize('background', WORLD_BACKGROUNDS)
def test_a_place_is_painted_whole_with_its_objects(background):
    domain = get_domain('street', background=background, texture=0.0,
                        occluders=(6, 6), num_persons=(1, 1), noise=0.0)
    frames = [generate_sequence(domain, seed, 1, (64, 48))[0][0]
              for seed in range(3)]
    for frame in frames:
        # Sky or wall above, ground below: neither black nor alike.
        above, below = frame[:8].mean((0, 1)), frame[-8:].mean((0, 1))
        assert min(above.max(), below.max()) > 20
        assert np.abs(above - below).max() > 5


def test_world_is_written_with_its_dials_and_captions(tmp_path):
    folders = write_synthmot(tmp_path, [WORLD], num_train=3, num_val=1,
                             num_frames=2, size=(64, 48), progress=False)
    names = [str(folder.relative_to(tmp_path)) for folder in folders]
    assert names == ['world/train/World-01', 'world/train/World-02',
                     'world/train/World-03', 'world/val/World-01']
    stamps = [json.loads((folder / 'synthmot.json').read_text())
              for folder in folders]
    assert len({json.dumps(stamp['domain']) for stamp in stamps}) == 4
    persons = json.loads((folders[0] / 'persons.json').read_text())
    assert all(person['caption'] for person in persons)
    before = folders[0].stat().st_ino
    write_synthmot(tmp_path, [WORLD], num_train=3, num_val=1, num_frames=2,
                   size=(64, 48), progress=False)
    assert folders[0].stat().st_ino == before


def test_the_family_has_no_dials_to_turn():
    with pytest.raises(ValueError, match='come from sample_world and have no'):
        get_domain(WORLD, uniform=1.0)
