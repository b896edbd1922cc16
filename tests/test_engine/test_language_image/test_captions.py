"""Sentences on persons, and combinations that are kept out."""
import itertools

import pytest
from person_samples import make_person

from ipmot_mm.datasets.synthmot import render_sequence
from ipmot_mm.datasets.synthmot.colors import COLORS
from ipmot_mm.engine.language_image.captions import (FORMS, TOPICS, caption,
                                                     is_held_out, long_caption,
                                                     short_caption)

DRESSED = make_person(
    pattern='stripes',
    pattern_color='white',
    hat='cap',
    hat_color='green',
    bag='handbag',
    bag_color='grey')


def test_all_topics_give_the_caption_of_the_data_set():
    for seed in range(4):
        looks = render_sequence('street', seed, num_frames=2).persons
        for look in looks.values():
            person = look.to_dict()
            assert long_caption(person, TOPICS).text == person['caption']


@pytest.mark.parametrize('topics, text', (
    (['top'], 'A photo of a person in a red T-shirt.'),
    (['pattern', 'top'],
     'A photo of a person in a red T-shirt with white stripes.'),
    (['bottom'], 'A photo of a person in red trousers.'),
    (['bag', 'hair'],
     'A photo of a person with long black hair, carrying a grey handbag.'),
    (['pattern', 'hat'], 'A photo of a person, wearing a green cap.'),
))
def test_long_form(topics, text):
    assert long_caption(DRESSED, topics).text == text


@pytest.mark.parametrize('topics, text', (
    (['top', 'bottom'], 'A photo of a red top red trousers person.'),
    (['bottom', 'top'], 'A photo of a red trousers red top person.'),
    (['pattern', 'hat', 'hair'],
     'A photo of a striped green cap black hair person.'),
    (['bag'], 'A photo of a grey handbag person.'),
))
def test_short_form_keeps_the_order(topics, text):
    assert short_caption(DRESSED, topics).text == text


def test_there_may_be_nothing_to_say():
    bare = make_person()
    for form, topics in itertools.product(FORMS, (['hat'], ['bag', 'hat'])):
        assert caption(bare, form, topics) is None
    assert long_caption(bare, ['pattern']) is None
    assert short_caption(bare, ['pattern']).text == (
        'A photo of a plain person.')


@pytest.mark.parametrize('form', FORMS)
def test_facts_are_what_the_sentence_says(form):
    for topics in itertools.combinations(TOPICS, 3):
        said = caption(DRESSED, form, topics)
        assert said.is_true_of(DRESSED)
        for key, value in said.facts.items():
            assert not said.is_true_of(dict(DRESSED, **{key: 'other'}))
            if key in ('top_color', 'bottom_color', 'hair', 'hat', 'bag'):
                assert value in said.text
        unsaid = set(DRESSED) - set(said.facts)
        assert said.is_true_of(
            dict(DRESSED, **{key: 'other' for key in unsaid}))


def test_held_out_combinations_are_a_share_and_depend_on_them_alone():
    pairs = [
        make_person(top_color=top, bottom_color=bottom)
        for top, bottom in itertools.product(COLORS, COLORS)
    ]
    out = [is_held_out(each) for each in pairs]
    assert 0.1 < sum(out) / len(out) < 0.3
    assert out == [is_held_out(dict(each, hair='red')) for each in pairs]
    # each colour is still learned, on top and below
    for place in ('top_color', 'bottom_color'):
        assert {p[place] for p, o in zip(pairs, out) if not o} == set(COLORS)
    assert not any(is_held_out(each, share=0.0) for each in pairs)
