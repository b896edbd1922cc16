"""Loading under torch's default, which executes no code of a file."""
import io
import os
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader, load_from_http

from ipmot_mm.compat import checkpoint as compat_checkpoint


def write_checkpoint(path):
    history = HistoryBuffer()
    for value in (3.0, 1.0, 2.0):
        history.update(value)
    torch.save(
        dict(
            meta=dict(epoch=np.int64(4), classes=('a', )),
            state_dict=dict(weight=torch.arange(3.)),
            message_hub=dict(log_scalars=dict(loss=history)),
            lr=np.float64(0.5)), path)


def test_history_of_a_run_loads(tmp_path):
    path = tmp_path / 'epoch_4.pth'
    write_checkpoint(path)
    loaded = CheckpointLoader.load_checkpoint(str(path), map_location='cpu')
    history = loaded['message_hub']['log_scalars']['loss']
    assert history.min() == 1.0 and history.mean() == 2.0
    assert loaded['meta']['epoch'] == 4 and loaded['lr'] == 0.5
    assert loaded['state_dict']['weight'].tolist() == [0, 1, 2]


def test_weights_alone_from_both_kinds_of_files(tmp_path):
    weights = dict(a=torch.ones(2))
    torch.save(dict(state_dict=weights, meta={}), tmp_path / 'training.pth')
    torch.save(weights, tmp_path / 'weights.pth')
    for name in ('training.pth', 'weights.pth'):
        loaded = compat_checkpoint.load_weights(str(tmp_path / name))
        assert list(loaded) == ['a'] and torch.equal(loaded['a'], weights['a'])


def test_home_directory_is_expanded(tmp_path, monkeypatch):
    write_checkpoint(tmp_path / 'a.pth')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert 'meta' in compat_checkpoint.load_from_local('~/a.pth')


def test_missing_file_is_named(tmp_path):
    path = str(tmp_path / 'epoch_9.pth')
    with pytest.raises(
            FileNotFoundError, match=f'checkpoint not found: {path};.*give'):
        CheckpointLoader.load_checkpoint(path)


def test_code_is_refused_until_opted_in(tmp_path, monkeypatch):
    path = str(tmp_path / 'foreign.pth')
    torch.save(dict(hook=partial(int, base=2)), path)
    with pytest.raises(
            ValueError,
            match='checkpoint refused: .*foreign.pth would execute code '
            r'\(objects of .*functools.partial.*'
            'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1'):
        CheckpointLoader.load_checkpoint(path)
    monkeypatch.setenv(*compat_checkpoint.OPT_IN.split('='))
    with pytest.warns(UserWarning, match='TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'):
        loaded = CheckpointLoader.load_checkpoint(path)
    assert loaded['hook']('101') == 5


class StatisticThief:
    """Pickles to getattr(HistoryBuffer, '__init__'), not a statistic."""

    def __reduce__(self):
        return getattr, (HistoryBuffer, '__init__')


def test_getattr_reaches_statistics_only(tmp_path):
    path = str(tmp_path / 'thief.pth')
    torch.save(dict(a=StatisticThief()), path)
    with pytest.raises(ValueError, match='checkpoint refused'):
        CheckpointLoader.load_checkpoint(path)
    with pytest.raises(pickle.UnpicklingError, match='not a statistic'):
        compat_checkpoint._history_statistic(os, 'system')


@pytest.mark.parametrize('content', [b'', b'no checkpoint', b'PK\x03\x04cut'])
def test_unreadable_file_is_named(tmp_path, content):
    path = tmp_path / 'bad.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='cannot be read: .*bad.pth'):
        CheckpointLoader.load_checkpoint(str(path))


def test_cut_off_file_is_named(tmp_path):
    buffer = io.BytesIO()
    torch.save(dict(weight=torch.zeros(999)), buffer)
    path = tmp_path / 'half.pth'
    path.write_bytes(buffer.getvalue()[:700])
    with pytest.raises(ValueError, match='cannot be read: .*half.pth'):
        CheckpointLoader.load_checkpoint(str(path))


def test_other_schemes_keep_their_loaders():
    find = CheckpointLoader._get_checkpoint_loader
    assert find('https://example.org/a.pth') is load_from_http
    assert find('work_dirs/a.pth') is compat_checkpoint.load_from_local
    for address in ('torchvision://resnet50', 'mmcls://a', 's3://b/a.pth'):
        assert find(address) is not compat_checkpoint.load_from_local


def test_config_of_old_mmcv_is_no_program(tmp_path, monkeypatch):
    """Runner.resume would execute it."""
    path = str(tmp_path / 'old.pth')
    torch.save(dict(meta=dict(config='import os', cfg='a = 1')), path)
    loaded = CheckpointLoader.load_checkpoint(path)
    assert loaded == dict(meta=dict(cfg='a = 1'))
    monkeypatch.setenv(*compat_checkpoint.OPT_IN.split('='))
    with pytest.warns(UserWarning, match='TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'):
        assert 'config' in CheckpointLoader.load_checkpoint(path)['meta']


def test_history_loads_without_the_runner(tmp_path):
    """A tool that only reads a checkpoint does not import the runner."""
    torch.save(dict(loss=HistoryBuffer([0.5], [1])), tmp_path / 'a.pth')
    declared = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    try:
        loaded = compat_checkpoint.load_from_local(str(tmp_path / 'a.pth'))
    finally:
        torch.serialization.add_safe_globals(declared)
    assert loaded['loss'].current() == 0.5
