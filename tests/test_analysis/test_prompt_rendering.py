"""Prompts with learned tokens, as Stable Diffusion reads and draws them."""
import builtins
import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from ipmot_mm.analysis.prompt_rendering import (PromptRenderer, load_pipeline,
                                                replace_last_word)
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing.synthetic import write_tiny_mot
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg

pytest.importorskip('diffusers')
pytest.importorskip('transformers')
from tiny_pipeline import make_pipeline, make_text_tower  # noqa: E402

TOOL = (Path(__file__).parents[2] / 'tools/visualizations' /
        'render_track_book.py')
TEMPLATE = 'A photo of a {} person.'


@pytest.fixture(scope='module')
def book():
    """Two persons of the tiny videos with tokens of their own."""
    head = MODELS.build(
        dict(type='ipmot_mm.TrackBookHead',
             clip=dict(model_cfg=tiny_clip_cfg())))
    head.set_identity_map(
        IdentityMap.from_keys([('tiny', 'Tiny-01', 1), ('tiny', 'Tiny-02',
                                                        1)]))
    head.tokens.data.mul_(10)
    return head


@pytest.fixture(scope='module')
def pipeline(book):
    return make_pipeline(book.frozen_clip.text_encoder)


@pytest.fixture(scope='module')
def renderer(pipeline, book):
    return PromptRenderer(pipeline, book.frozen_clip.text_encoder)


@pytest.mark.parametrize('row', [0, 1])
def test_both_towers_read_the_same(renderer, book, row):
    embeds = renderer.encode(TEMPLATE, book.tokens[row])
    assert embeds.shape == (1, 77, 64)
    encoder = book.frozen_clip.text_encoder
    end = book.prompt_template.eot_position
    # one computes with open_clip up to the end, the other all 77 places
    feature = embeds[0, end].detach() @ encoder.text_projection
    torch.testing.assert_close(
        feature, book.describe(torch.tensor([row]))[0], atol=2e-5, rtol=1e-4)


def test_the_padding_is_that_of_the_pipeline(renderer, pipeline):
    encoder = renderer.text_encoder
    letters = encoder.token_embedding.weight[encoder.tokenize('X')[1]]
    embeds = renderer.encode(TEMPLATE, letters.repeat(3).detach())
    tokens = pipeline.tokenizer(
        'A photo of a X X X person.', padding='max_length',
        return_tensors='pt').input_ids
    with torch.no_grad():
        expected = pipeline.text_encoder(tokens)[0]
    torch.testing.assert_close(embeds, expected)


def test_the_word_and_the_person_change_the_picture(renderer, book):
    def draw(row, word, seed=3):
        template = replace_last_word(TEMPLATE, word)
        return renderer.render(
            renderer.encode(template, book.tokens[row]), seed=seed,
            num_steps=2).astype(int)

    first = draw(0, 'person')
    assert first.shape == (16, 16, 3)
    assert (first == draw(0, 'person')).all()
    for other in (draw(1, 'person'), draw(0, 'color'),
                  draw(0, 'person', seed=4)):
        assert (first != other).any()


def test_the_table_of_words_is_left_as_it_was(renderer, book, pipeline):
    ids = torch.tensor([renderer.text_encoder.tokenize('a red hat')])
    with torch.no_grad():
        before = pipeline.text_encoder(ids)[0]
        renderer.encode(TEMPLATE, book.tokens[0])
        assert torch.equal(before, pipeline.text_encoder(ids)[0])


@pytest.mark.parametrize('template, expected', [
    (TEMPLATE, 'A photo of a {} color.'),
    ('A {} walking man', 'A {} walking color'),
])
def test_only_the_last_word_is_replaced(template, expected):
    assert replace_last_word(template, 'color') == expected
    with pytest.raises(ValueError, match='no word after'):
        replace_last_word('person {}.', 'color')


def test_other_towers_are_refused(book, pipeline, renderer):
    encoder = book.frozen_clip.text_encoder
    narrow = dict(tiny_clip_cfg())
    narrow['text_cfg'] = dict(narrow['text_cfg'], width=32)
    for cfg, message in ((narrow, 'width 64.*of width 32.*ViT-L-14'),
                         (tiny_clip_cfg(), 'other weights.*ViT-L-14')):
        other = MODELS.build(
            dict(type='ipmot_mm.TrackBookHead',
                 clip=dict(model_cfg=cfg, seed=1))).frozen_clip.text_encoder
        with pytest.raises(ValueError, match=message):
            PromptRenderer(pipeline, other)
    half = make_text_tower(encoder).half()
    pipeline.text_encoder, kept = half, pipeline.text_encoder
    try:  # what a rounding changes is no other tower
        PromptRenderer(pipeline, encoder)
    finally:
        pipeline.text_encoder = kept


def test_what_cannot_be_loaded_is_said(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match='is no folder'):
        load_pipeline(str(tmp_path / 'no' / 'where'))
    with pytest.raises(ValueError, match='cannot be loaded'):
        load_pipeline(str(tmp_path))  # without a model_index.json
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split('.')[0] == 'diffusers':
            raise ImportError('No module named diffusers')
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', without)
    with pytest.raises(ValueError, match=r'pip install "ipmot_mm\[diffusion]'):
        load_pipeline(str(tmp_path))


def test_the_command_draws_persons_times_words(tmp_path, book, pipeline):
    spec = importlib.util.spec_from_file_location('render_track_book', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    pipeline.save_pretrained(tmp_path / 'sd')
    data = write_tiny_mot(tmp_path / 'data', num_frames=2)
    cfg = dict(
        model=dict(track_book=dict(
            type='TrackBookHead', clip=dict(model_cfg=tiny_clip_cfg()))),
        train_dataloader=dict(dataset=dict(
            type='MOTClipDataset', dataset_name='tiny', data_root=str(data))))
    Config(cfg).dump(str(tmp_path / 'config.py'))
    torch.save(dict(state_dict={
        f'track_book.{key}': value
        for key, value in book.state_dict().items()}), tmp_path / 'e.pth')
    assert tool.main([
        str(tmp_path / 'config.py'), str(tmp_path / 'e.pth'), '--pipeline',
        str(tmp_path / 'sd'), '--out', str(tmp_path / 'out'), '--identities',
        'Tiny-02:1', '0', '--words', 'person', 'color', '--num-steps', '2'
    ]) == 0
    names = {path.name for path in (tmp_path / 'out').iterdir()}
    assert names == {
        'descriptions.png', 'Tiny-01-1_person.png', 'Tiny-01-1_color.png',
        'Tiny-02-1_person.png', 'Tiny-02-1_color.png'
    }
    found = cv2.imread(str(tmp_path / 'out' / 'Tiny-02-1_color.png'))
    renderer = PromptRenderer(pipeline, book.frozen_clip.text_encoder)
    expected = renderer.render(
        renderer.encode('A photo of a {} color.', book.tokens[1]), seed=1,
        num_steps=2)
    assert np.abs(found[..., ::-1].astype(int) - expected).max() <= 1
