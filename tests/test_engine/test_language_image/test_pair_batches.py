"""No caption of a batch is true of another of its persons."""
import itertools

import numpy as np
import pytest
import torch
from person_samples import make_crops, make_person

from ipmot_mm.engine.language_image.captions import TOPICS, caption
from ipmot_mm.engine.language_image.pair_batches import (PairSampler,
                                                         keep_unambiguous)


def make_sampler(num=30, **changes):
    rng = np.random.default_rng(1)
    persons = [
        make_person(
            number,
            hair=str(rng.choice(('black', 'grey'))),
            hat=[None, 'cap'][number % 2],
            hat_color=[None, 'red'][number % 2],
            pattern=['plain', 'stripes'][number % 3 == 0],
            pattern_color='white') for number in range(num)
    ]
    data = make_crops(persons, crops_each=3)
    settings = dict(batch_size=16, num_questions=4, seed=0)
    return PairSampler(data, **{**settings, **changes})


def described(person):
    """Every sentence that can be said of a person."""
    for count in range(1, len(TOPICS) + 1):
        for topics in itertools.permutations(TOPICS, min(count, 4)):
            yield caption(person, 'short', topics)
        for topics in itertools.combinations(TOPICS, count):
            yield caption(person, 'long', topics)


def test_captions_fit_their_own_person_alone():
    sampler = make_sampler()
    facts = {
        said.text: said
        for person in sampler.data.persons for said in described(person)
        if said is not None
    }
    for _ in range(10):
        batch = sampler.draw()
        assert len(batch.questions) == 4
        for question in batch.questions:
            persons = [batch.persons[ind] for ind in question.inds.tolist()]
            assert len(persons) == len(question.texts) > 1
            for ind, text in enumerate(question.texts):
                fits = [facts[text].is_true_of(each) for each in persons]
                assert fits == [other == ind for other in range(len(persons))]


def test_a_batch_has_one_crop_of_each_person():
    sampler = make_sampler()
    seen = set()
    for _ in range(20):
        batch = sampler.draw()
        idents = [person['id'] for person in batch.persons]
        assert len(set(idents)) == len(idents) == 16
        for ident, crop in zip(idents, batch.crops):
            own = sampler.data.crops[3 * ident:3 * ident + 3]
            matches = [torch.equal(crop, each) for each in own]
            assert any(matches)
            seen.add((ident, matches.index(True)))
    assert len(seen) > 60  # of 90: other crops in other batches


def test_same_seed_same_batches_and_small_data():
    texts = [[
        question.texts for question in make_sampler(seed=seed).draw().questions
    ] for seed in (3, 3, 4)]
    assert texts[0] == texts[1] != texts[2]
    assert len(make_sampler(num=5).draw().persons) == 5


@pytest.mark.parametrize('seed', range(5))
def test_keep_unambiguous_against_loops(seed):
    rng = np.random.default_rng(seed)
    attributes = rng.integers(0, 3, (25, 4))
    stated = np.where(rng.random((25, 4)) < 0.7, attributes, -1)

    def fits(claim, person):
        return all(c in (-1, p) for c, p in zip(claim, person))

    kept = []
    for ind in range(25):
        if not any(
                fits(stated[ind], attributes[other]) or
                fits(stated[other], attributes[ind]) for other in kept):
            kept.append(ind)
    assert keep_unambiguous(stated, attributes) == kept
    assert 1 < len(kept) < 25


def test_persons_who_cannot_be_told_apart():
    alike = [make_person(0, id=number) for number in range(3)]
    sampler = PairSampler(
        make_crops(alike), batch_size=3, num_questions=4, seed=0)
    question, = sampler.draw().questions
    assert len(question.texts) == 1
    with pytest.raises(ValueError, match='needs 2 persons or more, got '
                       'batch_size 1 of 30 persons. Raise --batch-size'):
        make_sampler(batch_size=1)
