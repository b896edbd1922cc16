"""Nearest persons, tokens and words, beside slow loops."""
import math

import numpy as np
import pytest
import torch

from ipmot_mm.engine.language_image.prompt_neighbors import (
    compare_with_words, draw_pool, encode_sentences, find_nearest,
    find_nearest_tokens, measure_alikeness, measure_moves, spell_token)
from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


def make_book(num=3):
    book = TrackBookHead(clip=dict(model_cfg=tiny_clip_cfg()))
    book.set_identity_map(
        IdentityMap.from_keys([('a', 'v', i) for i in range(num)]))
    return book


def cosine(a, b):
    return float(a @ b / (a.norm() * b.norm()))


def test_nearest_by_a_loop():
    queries, references = torch.randn(4, 7), torch.randn(11, 7)
    found = find_nearest(queries, references, 3)
    for n in range(4):
        values = [cosine(queries[n], each) for each in references]
        best = sorted(range(11), key=lambda ind: -values[ind])[:3]
        assert found.inds[n].tolist() == best
        assert found.cosines[n].tolist() == pytest.approx(
            [values[ind] for ind in best], abs=1e-6)


def test_nobody_is_the_own_neighbour():
    features = torch.randn(5, 7)
    own = torch.tensor([3, 1])
    found = find_nearest(features[own], features, 9, own)
    assert found.inds.shape == (2, 4)
    assert 3 not in found.inds[0] and 1 not in found.inds[1]


def test_alikeness_by_a_loop():
    texts = torch.randn(6, 5)
    values = [[cosine(a, b) for b in texts] for a in texts]
    pairs = [values[i][j] for i in range(6) for j in range(6) if i != j]
    nearest = [max(values[i][j] for j in range(6) if j != i)
               for i in range(6)]
    found = measure_alikeness(texts)
    assert found.median == pytest.approx(np.median(pairs), abs=1e-6)
    assert found.nearest == pytest.approx(np.median(nearest), abs=1e-6)
    assert math.isnan(measure_alikeness(texts[:1]).nearest)


def test_the_pool_holds_those_that_are_asked():
    assert draw_pool(4, [2], 10).tolist() == [0, 1, 2, 3]
    assert draw_pool(1000, [7, 500], 3).tolist() == [0, 7, 500, 999]


def test_moves_are_relative():
    before, after = make_book(), make_book()
    after.tokens.data[1] *= -1
    after.tokens.data[2] *= 1.5
    assert measure_moves(after, before).tolist() == pytest.approx([0, 2, 0.5])


def test_a_token_is_nearest_to_itself():
    book = make_book()
    encoder = book.frozen_clip.text_encoder
    wanted = encoder.tokenize('red backpack old hat')[1:-1]
    book.tokens.data[2] = encoder.token_embedding.weight[wanted].flatten()
    nearest = find_nearest_tokens(book, [0, 2], 2)
    assert [len(each) for each in nearest] == [4, 4]
    texts, cosines = zip(*(each[0] for each in nearest[1]))
    assert texts[:2] == ('red', 'backpack')
    assert cosines == pytest.approx([1] * 4, abs=1e-5)
    assert max(each[0][1] for each in nearest[0]) < 0.9


def test_parts_of_words_have_a_hyphen():
    encoder = make_book().frozen_clip.text_encoder
    parts = [spell_token(encoder, ind)
             for ind in encoder.tokenize('backpack unbelievablyish')[1:-1]]
    assert parts[0] == 'backpack'
    assert len(parts) > 2 and not parts[-1].endswith('-')
    assert all(part.endswith('-') for part in parts[1:-1])
    assert ''.join(parts[1:]).replace('-', '') == 'unbelievablyish'


def test_words_are_compared_in_the_place_of_the_tokens():
    before, after = make_book(), make_book()
    encoder = after.frozen_clip.text_encoder
    words = ['red', 'blue hat']
    # a prompt of four words that says the same as the sentence
    sentence = encoder.tokenize('A photo of a red old tall slim person.')
    after.tokens.data[1] = encoder.token_embedding.weight[
        sentence[5:9]].flatten()
    now, then = compare_with_words(
        after, before, [1, 0], 'A photo of a {} person.',
        [*words, 'red old tall slim'])
    assert now.shape == then.shape == (2, 3)
    assert float(now[0, 2]) == pytest.approx(1, abs=1e-5)
    assert torch.equal(now[1], then[1])
    text = encode_sentences(encoder, ['A photo of a blue hat person.'])[0]
    assert float(then[0, 1]) == pytest.approx(
        cosine(before.describe(torch.tensor([1]))[0], text), abs=1e-5)
