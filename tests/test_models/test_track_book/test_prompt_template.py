"""Positions of the prompt, from the ids that CLIP's tokenizer is known for."""
import pytest
import torch

from ipmot_mm.models.track_book.clip_encoders import build_clip
from ipmot_mm.models.track_book.prompt_template import PromptTemplate
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg

SENTENCE = 'A photo of a {} person.'


@pytest.fixture(scope='module')
def encoder():
    return build_clip(model_cfg=tiny_clip_cfg()).text_encoder


@pytest.mark.parametrize('num, eot', ((2, 9), (4, 11), (6, 13), (8, 15)))
def test_positions(encoder, num, eot):
    template = PromptTemplate(
        SENTENCE, num_context_tokens=num, text_encoder=encoder)
    assert template.token_ids == [
        49406, 320, 1125, 539, 320, *[343] * num, 2533, 269, 49407
    ]
    assert template.context_start == 5
    assert template.eot_position == eot


def test_without_period_the_text_ends_earlier(encoder):
    template = PromptTemplate(
        'A photo of a {} person', num_context_tokens=4, text_encoder=encoder)
    assert template.eot_position == 10


def test_context_lies_between_constant_embeddings(encoder):
    template = PromptTemplate(
        SENTENCE, num_context_tokens=2, text_encoder=encoder)
    context = torch.randn(3, 128, requires_grad=True)
    prompts = template(context)
    weight = encoder.token_embedding.weight
    assert prompts.shape == (3, 10, 64)
    for row in range(3):
        assert torch.equal(prompts[row, 5], context[row, :64])
        assert torch.equal(prompts[row, 6], context[row, 64:])
        for position in (0, 1, 2, 3, 4, 7, 8, 9):
            assert torch.equal(prompts[row, position],
                               weight[template.token_ids[position]])
    assert template.state_dict() == {}
    assert list(template.parameters()) == []


@pytest.mark.parametrize('sentence, num, message', (
    ('A photo of a person.', 4, 'must have one "{}"'),
    ('A {} and a {}.', 4, 'must have one "{}"'),
    (SENTENCE, 0, 'num_context_tokens must be at least 1, got 0'),
    (SENTENCE, 70, 'has 78 tokens, but CLIP reads 77'),
    ('A photo x of a {} person.', 2, r'at positions \[3, 6, 7\]'),
    ('A photo of a {}person.', 1, r'must give 1 tokens X .*positions \[\]'),
))
def test_bad_templates_are_named(encoder, sentence, num, message):
    with pytest.raises(ValueError, match=message):
        PromptTemplate(sentence, num_context_tokens=num, text_encoder=encoder)
