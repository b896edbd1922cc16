"""Weight files of CLIP, of all usual kinds, and of none."""
import pickle
import zipfile

import pytest
import torch

from ipmot_mm.models.track_book.clip_encoders import load_random_clip
from ipmot_mm.models.track_book.clip_weights import (is_torch_script,
                                                     read_clip_weights)
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


@pytest.fixture(scope='module')
def weights():
    return load_random_clip(tiny_clip_cfg(), seed=3).state_dict()


def write(path, weights, kind):
    if kind == 'safetensors':
        pytest.importorskip('safetensors.torch').save_file(weights, path)
    elif kind == 'training':  # of open_clip, on several GPUs
        state = {f'module.{key}': weights[key] for key in weights}
        torch.save(dict(epoch=3, state_dict=state, optimizer={}), path)
    else:
        torch.save(
            weights, path, _use_new_zipfile_serialization=kind != 'legacy')


@pytest.mark.parametrize('kind, name', (
    ('plain', 'weights.pt'), ('plain', 'open_clip_pytorch_model.bin'),
    ('legacy', 'weights.pth'), ('training', 'epoch_3.pt'),
    ('safetensors', 'open_clip_model.safetensors')))
def test_kinds_of_files(tmp_path, weights, kind, name):
    path = str(tmp_path / name)
    write(path, weights, kind)
    found = read_clip_weights(path)
    assert found.keys() == weights.keys()
    assert all(found[key].equal(weights[key]) for key in weights)


def test_torch_script_archive_as_torch_reads_it(torch_script_clip):
    path, _ = torch_script_clip
    expected = torch.jit.load(path).state_dict()
    found = read_clip_weights(path)
    sizes = {'input_resolution', 'context_length', 'vocab_size'}
    assert found.keys() == expected.keys() - sizes
    assert expected.keys() >= sizes
    for key, value in found.items():
        assert value.dtype == expected[key].dtype
        assert value.equal(expected[key])


def archive_with(path, content):
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('clip/constants.pkl', b'')
        archive.writestr('clip/data.pkl', content)
    return str(path)


def test_archive_with_other_objects_is_refused(tmp_path):

    class Evil:

        def __reduce__(self):
            return (exec, (f'open({str(tmp_path / "ran")!r}, "w")', ))

    path = archive_with(tmp_path / 'evil.pt', pickle.dumps(Evil(), 2))
    assert is_torch_script(path)
    with pytest.raises(ValueError, match='it refers to .*exec'):
        read_clip_weights(path)
    assert not (tmp_path / 'ran').exists()


@pytest.mark.parametrize('name, content, message', (
    ('a.pt', b'', 'cannot be read'),
    ('a.safetensors', b'short', 'cannot be read .* download it again'),
    ('a.pt', pickle.dumps([1]), 'cannot be read|no weights by name'),
))
def test_broken_files(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_clip_weights(str(path))
    broken = archive_with(tmp_path / 'cut.pt', b'\x80\x02')
    with pytest.raises(ValueError, match='no TorchScript archive of tensors'):
        read_clip_weights(broken)


def test_what_are_no_weights(tmp_path):
    path = str(tmp_path / 'a.pt')
    for content in ([1], {}, dict(a=3)):
        torch.save(content, path)
        with pytest.raises(ValueError, match='are no weights by name, got'):
            read_clip_weights(path)
