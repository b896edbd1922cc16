"""Gradients of the losses at the parts of a tracker."""
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from ipmot_mm.testing import config_root, tiny_model_cfg
from ipmot_mm.testing.synthetic import write_tiny_mot

TOOL = 'analysis_tools/compare_gradients.py'


@pytest.fixture(scope='module')
def training(tmp_path_factory):
    """Config of a tiny training, and a checkpoint of its first weights."""
    folder = tmp_path_factory.mktemp('training')
    base = config_root() / 'synthmot' / (
        'ipmot_dab-tiny_2xb4-8e_synthmot-street.py')
    cfg = Config.fromfile(base)
    cfg.model = tiny_model_cfg(with_track_book=True)
    cfg.train_dataloader.batch_size = 2
    cfg.train_dataloader.dataset.data_root = str(write_tiny_mot(folder / 'd'))
    cfg.work_dir = str(folder)
    path = folder / 'cfg.py'
    cfg.dump(path)
    runner = Runner.from_cfg(Config.fromfile(path))
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    runner.model.init_weights()
    runner.model.build_track_book()
    runner.model.track_book.set_identity_map(loader.dataset.identity_map)
    checkpoint = folder / 'first.pth'
    torch.save(dict(state_dict=runner.model.state_dict()), checkpoint)
    return path, checkpoint


def test_one_column_pair_for_each_loss(call, training):
    code, out, _ = call(*training, '--num-frames', 2, '--num-batches', 1)
    rows = {row.split()[0]: row.split()[1:] for row in out.splitlines()[-4:]}
    assert code == 0
    head = out.splitlines()[-5].split()
    assert head[::2] == ['detection', 'dedup', 'triplet', 'i2tce']
    assert list(rows) == ['backbone', 'encoder', 'decoder', 'updater']
    for part in ('backbone', 'encoder', 'decoder'):
        assert float(rows[part][0]) > 0 and rows[part][1] == '1.00'


def test_norms_are_those_of_a_backward_pass(tool):
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 1))
    loss = model[0](torch.ones(1, 3)).square().sum()
    grads = tool.gradient(loss, list(model.parameters()))
    loss.backward()
    expected = [
        (w.grad if w.grad is not None else torch.zeros_like(w)).flatten()
        for w in model.parameters()
    ]
    assert torch.equal(grads, torch.cat(expected))
    assert grads[-3:].eq(0).all() and grads[:6].ne(0).all()


def test_a_checkpoint_without_the_track_book_says_so(call, training,
                                                     tmp_path):
    cfg, checkpoint = training
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    del weights['track_book.tokens']
    torch.save(dict(state_dict=weights), tmp_path / 'other.pth')
    code, _, err = call(cfg, tmp_path / 'other.pth')
    assert code == 2 and 'no TrackBook' in err


def test_weights_of_another_model_are_refused(call, training, tmp_path):
    cfg, checkpoint = training
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    weights.pop(next(key for key in weights if 'decoder' in key))
    torch.save(dict(state_dict=weights), tmp_path / 'other.pth')
    code, _, err = call(cfg, tmp_path / 'other.pth')
    assert code == 2 and 'other.pth does not fit the config' in err
