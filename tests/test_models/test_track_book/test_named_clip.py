"""CLIP by name: what is said where its weights cannot be had."""
import json
import logging

import pytest
import torch

from ipmot_mm.models.track_book.clip_encoders import (build_clip,
                                                      load_random_clip)
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


@pytest.fixture(scope='module')
def names(tmp_path_factory):
    """Models that open_clip knows by name, plain and with QuickGELU."""
    import open_clip
    folder = tmp_path_factory.mktemp('models')
    for name in ('tiny-named', 'tiny-named-quickgelu'):
        cfg = tiny_clip_cfg()
        cfg['vision_cfg']['image_size'] = 32
        cfg['quick_gelu'] = name.endswith('quickgelu')
        (folder / f'{name}.json').write_text(json.dumps(cfg))
        open_clip.add_model_config(folder / f'{name}.json')
    return 'tiny-named', 'tiny-named-quickgelu'


def fail(*args, **kwargs):
    logging.error('a page of retries')
    raise RuntimeError('no network')


@pytest.mark.parametrize('name, tag, address, hub', (
    ('ViT-B-16-quickgelu', 'openai', 'https://openaipublic.*/ViT-B-16.pt',
     'timm/vit_base_patch16_clip_224.openai'),
    ('ViT-B-16', 'laion2b_s34b_b88k',
     'https://huggingface.co/laion/CLIP-ViT-B-16-laion2B-s34B-b88K',
     'laion/CLIP-ViT-B-16-laion2B-s34B-b88K')))
def test_failed_download_is_one_message(monkeypatch, caplog, name, tag,
                                        address, hub):
    import open_clip
    monkeypatch.setattr(open_clip, 'create_model', fail)
    with pytest.raises(
            ConnectionError,
            match=rf"weights '{tag}' could not be fetched \(no network .*"
            rf'download {address} \(.* Hub: {hub}\) and set .*pretrained to '
            'the file, .*HF_HUB_CACHE .*None for random weights'):
        build_clip(name, pretrained=tag)
    assert caplog.records == []
    logging.getLogger('after').error('heard again')
    assert [record.name for record in caplog.records] == ['after']


def test_archive_of_openai_needs_quick_gelu(names, torch_script_clip):
    path, weights = torch_script_clip
    plain, quick = names
    with pytest.raises(ValueError, match=f"Use model_name='{quick}'"):
        build_clip(plain, pretrained=path)
    towers = build_clip(quick, pretrained=path, image_size=(64, 32))
    torch.testing.assert_close(towers.text_encoder.text_projection,
                               weights['text_projection'].float())
    assert towers.image_encoder(torch.rand(1, 3, 64, 32)).shape == (1, 64)


def test_half_precision_and_another_crop_size(names, tmp_path):
    cfg = tiny_clip_cfg()
    cfg['vision_cfg']['image_size'] = 32
    weights = load_random_clip(cfg, seed=3).state_dict()
    path = str(tmp_path / 'half.pt')
    torch.save({key: weights[key].half() for key in weights}, path)
    towers = build_clip(names[0], pretrained=path, image_size=(64, 32))
    found = towers.text_encoder.text_projection
    assert found.dtype == torch.float32
    assert found.equal(weights['text_projection'].half().float())


def test_file_of_another_model(names, tmp_path):
    cfg = tiny_clip_cfg()
    cfg['vision_cfg']['layers'] = 1
    path = tmp_path / 'other.pt'
    torch.save(load_random_clip(cfg, seed=0).state_dict(), path)
    with pytest.raises(ValueError, match="do not fit model_name='tiny-named'"):
        build_clip(names[0], pretrained=str(path))
    torch.save({'text_model.embeddings.weight': torch.ones(1)}, path)
    with pytest.raises(ValueError, match='take a file open_clip_pytorch_mo'):
        build_clip(names[0], pretrained=str(path))


def test_file_with_code_is_refused(names, tmp_path):

    class Evil:

        def __reduce__(self):
            return (exec, (f'open({str(tmp_path / "ran")!r}, "w")', ))

    path = tmp_path / 'evil.pt'
    torch.save(dict(state_dict=Evil()), path)
    for source in (dict(model_name=names[0]), dict(model_cfg=tiny_clip_cfg())):
        with pytest.raises(ValueError, match='would execute code'):
            build_clip(pretrained=str(path), **source)
    assert not (tmp_path / 'ran').exists()
