"""Prompts that are tuned find their persons; what they mean is measured."""
import pytest
import torch
from person_samples import make_crops, make_person

from ipmot_mm.engine.language_image.prompt_probe import (ProbeSettings,
                                                         neighbour_agreement,
                                                         probe_prompts,
                                                         split_crops)
from ipmot_mm.models.track_book.clip_encoders import load_random_clip
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


def make_split(num_persons=6):
    persons = [make_person(number, caption=f'Person {number}.')
               for number in range(8)]
    return split_crops(make_crops(persons, crops_each=5), num_persons, seed=0)


def test_every_other_crop_of_the_same_persons():
    tune, test = make_split()
    assert len(tune.persons) == 6 and tune.persons == test.persons
    assert torch.bincount(tune.person_inds).tolist() == [3] * 6
    assert torch.bincount(test.person_inds).tolist() == [2] * 6
    both = torch.cat([tune.crops, test.crops])
    assert len(both.unique(dim=0)) == len(both)
    alone = make_crops([make_person(0), make_person(1)], crops_each=1)
    with pytest.raises(ValueError, match='none of 2 persons has two crops'):
        split_crops(alone, 5, seed=0)


@pytest.mark.parametrize('normalize', (False, True))
def test_tuned_prompts_find_their_persons(normalize):
    tune, test = make_split()
    found = probe_prompts(
        dict(model_cfg=tiny_clip_cfg(), seed=1), tune, test,
        ProbeSettings(
            normalize_features=normalize, num_steps=60, lr=.05,
            batch_size=18))
    assert found['last_loss'] < 0.6 * found['first_loss']
    assert found['prompt_top1'] > 0.7
    assert found['mean_top1'] == 1
    assert found['neighbour_chance'] == pytest.approx(4 / 30)


def test_weights_of_a_file_are_asked(tmp_path, monkeypatch):
    tune, test = make_split()
    path = tmp_path / 'clip.pt'
    torch.save(load_random_clip(tiny_clip_cfg(), seed=4).state_dict(), path)
    settings = ProbeSettings(num_steps=1)
    cfg = dict(model_cfg=tiny_clip_cfg())
    found = probe_prompts(
        dict(cfg, pretrained=str(path)), tune, test, settings)
    assert found == probe_prompts(dict(cfg, seed=4), tune, test, settings)
    assert found != probe_prompts(dict(cfg, seed=5), tune, test, settings)


def test_neighbours_of_known_features():
    persons = [make_person(n) for n in (0, 4, 1, 2)]  # red, red, blue, navy
    unit = torch.nn.functional.normalize(
        torch.tensor([[1., 0], [1., .1], [0, 1.], [.1, 1.]]), dim=-1)
    found = neighbour_agreement(unit, make_crops(persons))
    assert found['neighbour_top_color'] == 0.5  # the two red ones
    assert found['neighbour_chance'] == pytest.approx(2 / 12)
