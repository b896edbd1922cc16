"""Retrieval against loops; attributes of features that are known."""
import numpy as np
import pytest
import torch
from person_samples import make_crops, make_person

from ipmot_mm.engine.language_image.zero_shot import (attribute_accuracies,
                                                      attribute_features,
                                                      encode_crops,
                                                      encode_sentences,
                                                      retrieval,
                                                      zero_shot_scores)
from ipmot_mm.models.track_book.clip_encoders import (build_tokenizer,
                                                      load_random_clip)
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


@pytest.fixture(scope='module')
def towers():
    return load_random_clip(tiny_clip_cfg(), seed=0).eval(), build_tokenizer()


@pytest.mark.parametrize('seed', range(4))
def test_retrieval_against_loops(seed):
    rng = np.random.default_rng(seed)
    own = np.concatenate([np.arange(7), rng.integers(0, 7, 5)])
    scores = rng.normal(size=(12, 7))
    found = retrieval(torch.from_numpy(scores), torch.from_numpy(own), (1, 3))
    for k in (1, 3):
        images = [
            own[i] in sorted(range(7), key=lambda c: -scores[i, c])[:k]
            for i in range(12)
        ]
        texts = [
            any(own[i] == c for i in sorted(
                range(12), key=lambda i: -scores[i, c])[:k]) for c in range(7)
        ]
        assert found[f'i2t_top{k}'] == pytest.approx(np.mean(images))
        assert found[f't2i_top{k}'] == pytest.approx(np.mean(texts))


def test_few_candidates_are_all_answers():
    found = retrieval(torch.zeros(2, 2), torch.tensor([0, 1]))
    assert found['i2t_top5'] == found['t2i_top5'] == 1


def test_features_are_unit_and_of_open_clip(towers):
    model, tokenizer = towers
    crops = torch.randint(0, 256, (3, 3, 64, 32), dtype=torch.uint8)
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711])
    pixels = (crops.permute(0, 2, 3, 1) / 255 - mean) / std
    with torch.no_grad():
        expected = model.encode_image(
            pixels.permute(0, 3, 1, 2), normalize=True)
        words = model.encode_text(tokenizer(['a cap']), normalize=True)
    torch.testing.assert_close(encode_crops(model, crops), expected)
    torch.testing.assert_close(
        encode_sentences(model, tokenizer, ['a cap']), words)


def test_attributes_are_read_from_the_nearest_prompt(towers):
    model, tokenizer = towers
    values = attribute_features(model, tokenizer, 'top_color')
    assert values.shape == (16, 64)
    persons = [
        make_person(top_color='black'), make_person(top_color='grey'),
        make_person(top_color='red'), make_person(top_color='blue')
    ]  # the first four of the colours are black, white, grey and red
    found = attribute_accuracies(model, tokenizer, values[[0, 2, 3, 3]],
                                 persons)
    assert found['top_color_accuracy'] == 0.75
    assert set(found) == {
        f'{name}_accuracy' for name in ('top_color', 'bottom_color', 'pattern')
    }


def test_scores_of_a_set(towers):
    persons = [make_person(n) for n in range(6)] + [make_person(2)]
    found = zero_shot_scores(*towers, make_crops(persons, crops_each=1))
    assert (found['num_crops'], found['num_captions']) == (7, 6)
    assert 0 <= found['i2t_top1'] <= found['i2t_top5'] <= 1
