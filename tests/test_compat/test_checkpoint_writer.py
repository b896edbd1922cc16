"""Whoever saves a checkpoint does so in one step."""
import sys
from types import SimpleNamespace

import mmengine.runner
import pytest
import torch
from file_faults import LARGE, full_disk, names_in

from ipmot_mm.atomic_files import NotWrittenError
from ipmot_mm.compat import checkpoint_writer
from ipmot_mm.compat.checkpoint_writer import count_bytes, save_to_disk

BIG = dict(weight=torch.ones(LARGE // 4))


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    save_to_disk(dict(weight=torch.arange(3)), str(path))
    return path


def is_unchanged(path):
    return torch.load(path)['weight'].tolist() == [0, 1, 2] and names_in(
        path.parent) == ['epoch_1.pth']


@pytest.mark.parametrize('name', ['mmengine.runner', 'mmengine.runner.runner',
                                  'mmengine.runner.checkpoint'])
def test_every_name_of_it_is_replaced(name, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(checkpoint_writer, 'save_to_disk',
                        lambda *args: saved.append(args))
    sys.modules[name].save_checkpoint(dict(a=1), tmp_path / 'a.pth')
    assert saved == [(dict(a=1), str(tmp_path / 'a.pth'))]


def test_file_is_that_of_torch(tmp_path):
    path = str(tmp_path / 'new' / 'a.pth')
    mmengine.runner.save_checkpoint(dict(a=torch.arange(3)), path)
    assert torch.load(path)['a'].tolist() == [0, 1, 2]


@pytest.mark.parametrize('args', [
    ('https://example.org/a.pth', ), ('pavi://a.pth', ),
    ('a.pth', dict(backend='disk'))])
def test_other_storages_are_left_to_mmengine(args):
    calls = []
    module = SimpleNamespace(
        save_checkpoint=lambda *args: calls.append(args))
    checkpoint_writer._replace_writer(module)
    replaced = module.save_checkpoint
    checkpoint_writer._replace_writer(module)
    assert module.save_checkpoint is replaced  # once
    module.save_checkpoint(dict(a=1), *args)
    (checkpoint, filename, *_), = calls
    assert checkpoint == dict(a=1) and filename == args[0]


def test_a_checkpoint_is_replaced(saved):
    assert is_unchanged(saved)
    save_to_disk(BIG, str(saved))
    assert torch.equal(torch.load(saved)['weight'], BIG['weight'])
    assert names_in(saved.parent) == ['epoch_1.pth']


def test_full_disk_keeps_the_old_file_and_says_the_space(saved):
    with full_disk(), pytest.raises(
            NotWrittenError,
            match=r'epoch_1.pth was not written \(File too large\); free .*'
            r'it takes 1.0 MiB, \d+.\d MiB are free'):
        save_to_disk(BIG, str(saved))
    assert is_unchanged(saved)


def test_what_cannot_be_pickled_is_not_taken_for_a_full_disk(saved):
    with pytest.raises(AttributeError, match='local object'):
        save_to_disk(dict(weight=lambda: 0), str(saved))
    assert is_unchanged(saved)


def test_shared_memory_is_counted_once():
    weight = torch.zeros(10)
    nested = dict(a=[weight, (weight[:3], )], b=torch.zeros(4).double(), c=1)
    assert count_bytes(nested) == 40 + 32
