"""Persons and crops for the tests of the small CLIP."""
import numpy as np
import torch

from ipmot_mm.datasets.synthmot import (get_domain, render_sequence,
                                        write_sequence)
from ipmot_mm.engine.language_image.person_crops import PersonCrops

COLORS = ('red', 'blue', 'navy', 'pink')


def make_person(number=0, **changes):
    """Attributes as ``read_persons`` gives them; four colours in turn."""
    person = dict(
        top_color=COLORS[number % 4],
        pattern='plain',
        pattern_color=COLORS[number % 4],
        sleeves='short',
        bottom='trousers',
        bottom_color=COLORS[number // 4 % 4],
        hair='black',
        hair_length='long',
        hat=None,
        hat_color=None,
        bag=None,
        bag_color=None,
        sequence='walk',
        id=number)
    return dict(person, **changes)


def make_crops(persons, crops_each=2, size=(64, 32)):
    """Crops whose halves have the colours of the clothes, with noise."""
    shades = dict(red=(1, 0, 0), blue=(0, 0, 1), navy=(0, 0, .4),
                  pink=(1, .6, .7))
    rng = np.random.default_rng(0)
    crops = []
    for person in persons:
        image = np.zeros((3, *size))
        half = size[0] // 2
        image[:, :half] = np.reshape(shades[person['top_color']], (3, 1, 1))
        image[:, half:] = np.reshape(shades[person['bottom_color']], (3, 1, 1))
        for _ in range(crops_each):
            noisy = image + rng.normal(0, .05, image.shape)
            crops.append((noisy.clip(0, 1) * 255).astype(np.uint8))
    return PersonCrops(
        torch.from_numpy(np.stack(crops)),
        torch.arange(len(persons)).repeat_interleave(crops_each),
        list(persons))


def write_split(root, num_sequences, seed, num_frames=3):
    """Short sequences of the domain street."""
    domain = get_domain('street', num_persons=(4, 6), occluders=(0, 0))
    for number in range(num_sequences):
        write_sequence(
            render_sequence(domain, [seed, number], num_frames),
            root / f'Street-{number}')
