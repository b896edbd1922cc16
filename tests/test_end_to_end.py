"""From files to tracks through mmengine's Runner and the command line."""
import copy
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from ipmot_mm.datasets.synthmot import render_sequence, write_sequence
from ipmot_mm.testing import config_root
from ipmot_mm.testing.synthetic import tiny_domain

REPOSITORY = Path(__file__).resolve().parents[1]
BASES = [
    'models/ipmot_dab_tiny.py', 'datasets/synthmot.py',
    'schedules/schedule_20e_dancetrack.py', 'default_runtime.py'
]
TRACK_BOOK_KEYS = {'loss_i2t', 'loss_t2i', 'track_book_loss'}


def tracker_keys(model):
    """What the losses of a model config are called."""
    num_layers = model.detector.decoder.num_layers
    prefixes = [f'd{layer}.' for layer in range(num_layers - 1)] + ['']
    names = {'loss', 'loss_dedup', 'grad_norm'}
    for layer, prefix in enumerate(prefixes):
        names |= {f'{prefix}loss_{n}' for n in ('cls', 'bbox', 'iou')}
        if layer >= num_layers - model.clip_loss.align_layers:
            names |= {f'{prefix}loss_{n}' for n in ('triplet', 'i2tce')}
    return names


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """One SynthMOT video: 8 frames of 96 x 64 pixels, 3 near persons."""
    root = tmp_path_factory.mktemp('synthmot')
    domain = replace(
        tiny_domain(3),
        camera_height=1.0,
        feet_range=(0.85, 1.0),
        speed=(0.02, 0.05))
    sequence = render_sequence(domain, 1, 8, (96, 64))
    write_sequence(sequence, root / 'Tiny-01')
    return root


def make_cfg(videos, work_dir, epochs, *, val_interval=1000):
    """The shipped parts on one video, without augmentation."""
    work_dir.mkdir(parents=True, exist_ok=True)
    file = work_dir / 'config.py'
    bases = [(config_root() / '_base_' / name).as_posix() for name in BASES]
    file.write_text(f'_base_ = {bases}')
    cfg = Config.fromfile(file)
    load, pack = dict(type='LoadClipImages'), dict(type='PackClipInputs')
    files = dict(data_root=str(videos), dataset_name='tiny')
    loading = dict(num_workers=0, persistent_workers=False, dataset=files)
    cfg.merge_from_dict(
        dict(
            work_dir=str(work_dir),
            train_cfg=dict(max_epochs=epochs, val_interval=val_interval),
            train_dataloader=dict(
                loading, batch_size=4, sampler=dict(max_interval=1, seed=0)),
            val_dataloader=loading,
            test_dataloader=loading,
            optim_wrapper=dict(tracker=dict(optimizer=dict(lr=2e-3))),
            default_hooks=dict(
                checkpoint=dict(interval=1, max_keep_ckpts=-1)),
            log_processor=dict(window_size=1)))
    cfg.optim_wrapper.tracker.paramwise_cfg = None  # nothing is pretrained
    cfg.train_dataloader.dataset.pipeline = [load, pack]
    for name in ('val_dataloader', 'test_dataloader'):
        cfg[name].dataset.pipeline = [load, pack]
    cfg.param_scheduler.tracker[0].milestones = [int(epochs * 0.8)]
    cfg.param_scheduler.track_book[0].T_max = epochs
    cfg.custom_hooks = [
        dict(type='ClipLengthHook', schedule=[(0, 2), ((epochs + 1) // 2, 3)])
    ]
    cfg.randomness = dict(seed=0)
    return cfg


def run(cfg, name):
    """Train with a logger of its own; returns the runner."""
    cfg = copy.deepcopy(cfg)
    cfg.experiment_name = name
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def weights_of(file):
    return torch.load(file, weights_only=False)['state_dict']


def test_one_video_is_learned_and_tracked(videos, tmp_path):
    """From random weights to perfect identities: everything works together.

    560 iterations, less than two minutes of one core. Clips grow to the whole
    video, or tracks would meet chains at test time that are longer than any
    they learned from.
    """
    epochs = 140
    cfg = make_cfg(videos, tmp_path, epochs)
    cfg.default_hooks.checkpoint.interval = epochs
    cfg.train_dataloader.batch_size = 2
    cfg.optim_wrapper.tracker.optimizer.betas = (0.9, 0.99)
    cfg.param_scheduler.tracker[0].milestones = [92, 121]
    cfg.custom_hooks[0].schedule = [(0, 2), (17, 4), (70, 8)]
    cfg.model.assigner.track_drop_prob = 0.0  # nothing is to be found anew
    cfg.randomness = dict(seed=1)
    run(cfg, 'overfit')
    cfg.load_from = str(tmp_path / f'epoch_{epochs}.pth')
    cfg.experiment_name = 'overfit_test'
    runner = Runner.from_cfg(cfg)  # a new process would do the same
    scores = runner.test()
    assert runner.model.track_book is None
    assert scores['motchallenge-metric/IDSW'] == 0
    assert scores['motchallenge-metric/MOTA'] >= 0.95
    assert scores['motchallenge-metric/IDF1'] >= 0.95
    assert scores['motchallenge-metric/HOTA'] >= 0.9


def test_two_steps_log_exactly_the_expected_keys(videos, tmp_path):
    cfg = make_cfg(videos, tmp_path, epochs=1)
    cfg.train_dataloader.batch_size = 4  # 8 clips: two steps
    runner = run(cfg, 'two_steps')
    assert runner.iter == 2
    scalars = runner.message_hub.log_scalars
    logged = {name[len('train/'):] for name in scalars
              if name.startswith('train/')}
    rates = {'tracker.lr', 'tracker.base_lr', 'tracker.momentum',
             'track_book.lr', 'track_book.base_lr', 'track_book.momentum'}
    timing = {'time', 'data_time', 'memory'}
    expected = tracker_keys(cfg.model) | TRACK_BOOK_KEYS
    assert logged - rates - timing == expected
    assert {'tracker.lr', 'track_book.lr'} <= logged
    for name in expected:
        history, _ = scalars[f'train/{name}'].data
        assert len(history) == 2, name


def test_resume_equals_the_straight_run(videos, tmp_path):
    cfg = make_cfg(videos, tmp_path / 'straight', epochs=4)
    run(cfg, 'straight')
    cfg.work_dir = str(tmp_path / 'resumed')
    cfg.load_from = str(tmp_path / 'straight' / 'epoch_2.pth')
    cfg.resume = True
    runner = run(cfg, 'resumed')
    assert runner.iter == 8
    straight = weights_of(tmp_path / 'straight' / 'epoch_4.pth')
    resumed = weights_of(tmp_path / 'resumed' / 'epoch_4.pth')
    halfway = weights_of(tmp_path / 'straight' / 'epoch_2.pth')
    assert straight.keys() == resumed.keys()
    for name, value in straight.items():
        assert torch.equal(value, resumed[name]), name
    tokens = 'track_book.tokens'
    assert not torch.equal(halfway[tokens], straight[tokens])


SAVE_EACH_RANK = '''
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from ipmot_mm.registry import HOOKS
import torch


@HOOKS.register_module()
class SaveEachRank(Hook):

    def after_train(self, runner):
        path = f'{runner.work_dir}/rank{get_rank()}.pth'
        torch.save(runner.model.module.state_dict(), path)
'''


def test_two_processes_train_both_optimisers(videos, tmp_path):
    """As a user starts it, with gloo on the CPU."""
    cfg = make_cfg(videos, tmp_path, epochs=2)
    (tmp_path / 'save_each_rank.py').write_text(SAVE_EACH_RANK)
    cfg.custom_imports.imports.append('save_each_rank')
    cfg.custom_hooks.append(dict(type='SaveEachRank'))
    cfg.train_dataloader.batch_size = 2  # 2 iterations per epoch and rank
    cfg.dump(tmp_path / 'dumped.py')
    env = dict(
        os.environ,
        PYTHON=sys.executable,
        PORT=str(29600 + os.getpid() % 300),
        OMP_NUM_THREADS='1',
        CUDA_VISIBLE_DEVICES='-1',
        PYTHONPATH=str(tmp_path))
    done = subprocess.run([
        'bash', REPOSITORY / 'tools' / 'dist_train.sh',
        tmp_path / 'dumped.py', '2'
    ], env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (torch.load(tmp_path / f'rank{rank}.pth')
                     for rank in range(2))
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
    early = weights_of(tmp_path / 'epoch_1.pth')
    for part in ('track_book.tokens', 'detector.backbone.conv1.weight',
                 'dedup.mlp.layers.1.weight'):
        assert not torch.equal(early[part], first[part]), part
    log = done.stdout + done.stderr
    assert re.search(r'GPU number: 2|Distributed launcher: pytorch', log)
