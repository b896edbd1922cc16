"""From folders to files that a TrackBook loads."""
import hashlib
import json

import pytest
import torch
from mmengine.config import Config
from person_samples import make_crops, make_person, write_split

from ipmot_mm.engine.language_image.captions import is_held_out
from ipmot_mm.engine.language_image.contrastive_training import (
    TrainingSettings, normalized)
from ipmot_mm.engine.language_image.remembering_tokenizer import \
    RememberingTokenizer
from ipmot_mm.engine.language_image.small_clip import (average, load_tests,
                                                       match_norms,
                                                       model_cfg_of,
                                                       train_small_clip)
from ipmot_mm.models.track_book.clip_encoders import (build_clip,
                                                      build_tokenizer,
                                                      load_random_clip)
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    root = tmp_path_factory.mktemp('world')
    write_split(root / 'train', 3, seed=1)
    write_split(root / 'val', 3, seed=2)
    return root


def test_files_and_report(data_root, tmp_path):
    out = tmp_path / 'clip.pt'
    report = train_small_clip(
        tiny_clip_cfg(),
        str(data_root),
        str(out),
        settings=TrainingSettings(num_steps=2, batch_size=4),
        test_roots=[str(data_root / 'train')])
    assert json.loads((tmp_path / 'clip.json').read_text()) == json.loads(
        json.dumps(report))
    assert set(report['trained']) == set(report['random']) == {
        'unseen', f'{data_root.name}/val', f'{data_root.name}/train'
    }
    assert report['model_cfg'] == tiny_clip_cfg()
    assert set(report['files']) == {'clip.pt', 'clip_fp16.pt'}
    towers = []
    for name, file in report['files'].items():
        content = (tmp_path / name).read_bytes()
        assert file == dict(
            bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
        towers.append(
            build_clip(
                model_cfg=tiny_clip_cfg(), pretrained=str(tmp_path / name)))
    crops = torch.rand(2, 3, 64, 32)
    full, half = (each.image_encoder(crops) for each in towers)
    torch.testing.assert_close(full, half, rtol=.02, atol=.02)
    random = build_clip(model_cfg=tiny_clip_cfg()).image_encoder(crops)
    assert not torch.allclose(full, random, atol=.05)
    assert towers[0].logit_scale == pytest.approx(
        report['logit_scale'], abs=1e-3)


def test_norms_are_matched_unless_kept(data_root, tmp_path):
    products = []
    for keep_norms in (False, True):
        out = str(tmp_path / 'clip.pt')
        train_small_clip(
            tiny_clip_cfg(), str(data_root), out, keep_norms=keep_norms,
            settings=TrainingSettings(num_steps=1, batch_size=4))
        towers = build_clip(model_cfg=tiny_clip_cfg(), pretrained=out)
        crops = load_tests(str(data_root / 'val'), [], (64, 32))
        crops = crops[f'{data_root.name}/val'].crops.float() / 255
        products.append(float(towers.image_encoder(crops).norm(dim=1).mean()))
    assert products[0] == pytest.approx(towers.logit_scale**.5, rel=.05)
    assert products[1] == pytest.approx(8, rel=.1)  # layer norm of 64 dims


def test_unseen_are_the_held_out_ones_of_the_first_folder(data_root):
    tests = load_tests(
        str(data_root / 'val'), [str(data_root / 'train')], (64, 32))
    first = tests[f'{data_root.name}/val']
    assert list(tests)[0] == 'unseen'
    assert tests['unseen'].persons == [
        each for each in first.persons if is_held_out(each)
    ]
    assert len(first.crops) == len(first.persons)


def test_nobody_may_be_unseen(data_root, monkeypatch):
    monkeypatch.setattr(
        'ipmot_mm.engine.language_image.small_clip.is_held_out',
        lambda *args: False)
    tests = load_tests(str(data_root / 'val'), [], (64, 32))
    assert list(tests) == [f'{data_root.name}/val']


def test_dot_products_get_the_scale_and_cosines_stay():
    model = load_random_clip(tiny_clip_cfg(), seed=0).eval()
    tokenizer = build_tokenizer()
    data = make_crops([
        make_person(number, caption=f'Person number {number}.')
        for number in range(12)
    ])
    tokens = tokenizer([each['caption'] for each in data.persons])
    crops = normalized(data.crops.float() / 255)
    with torch.no_grad():
        before = model.get_logits(crops, tokens)[0]
        match_norms(model, tokenizer, data)
        after = model.get_logits(crops, tokens)[0]
        dots = model.encode_image(crops) @ model.encode_text(tokens).T
    torch.testing.assert_close(before, after, rtol=1e-4, atol=1e-4)
    # the lengths are equal but for a few per cent
    torch.testing.assert_close(dots, after, rtol=.15, atol=.1)


def test_average_of_reports():
    reports = [dict(a=dict(x=1., y=3.)), dict(a=dict(x=2., y=5.))]
    assert average(reports) == dict(a=dict(x=1.5, y=4.))


def test_tokenizer_remembers():
    calls = []
    inner = build_tokenizer()

    def counting(texts):
        calls.extend(texts)
        return inner(texts)

    tokenizer = RememberingTokenizer(counting)
    texts = ['a cap', 'a hat', 'a cap']
    for _ in range(2):
        assert torch.equal(tokenizer(texts), inner(texts))
    assert calls == ['a cap', 'a hat']


def test_config_without_towers_is_refused():
    cfg = Config(dict(model=dict(track_book=dict(clip=dict(model_cfg={
        'embed_dim': 3})))))
    assert model_cfg_of(cfg, 'x.py') == dict(embed_dim=3)
    for bad in (Config(), Config(dict(model=dict(track_book=None)))):
        with pytest.raises(ValueError, match='x.py has no model.track_book'):
            model_cfg_of(bad, 'x.py')
