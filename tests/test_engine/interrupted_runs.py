"""Small trainings that are killed and resumed, with all they leave behind."""
import copy
import shutil
from dataclasses import replace
from pathlib import Path
from unittest import mock

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipmot_mm.datasets.synthmot import render_sequence, write_sequence
from ipmot_mm.testing import config_root, tiny_model_cfg
from ipmot_mm.testing.synthetic import tiny_domain

NUM_FRAMES, BATCH_SIZE, EPOCHS = 8, 2, 3
LENGTH = NUM_FRAMES // BATCH_SIZE  # iterations of an epoch
BASES = [
    'datasets/synthmot.py', 'schedules/schedule_20e_dancetrack.py',
    'default_runtime.py'
]
TIMES = ('train/time', 'train/data_time', 'val/time', 'val/data_time')


def write_videos(root):
    """One video of 8 frames with three near persons."""
    domain = replace(
        tiny_domain(3),
        camera_height=1.0,
        feet_range=(0.85, 1.0),
        speed=(0.02, 0.05))
    write_sequence(
        render_sequence(domain, 1, NUM_FRAMES, (96, 64)), root / 'Tiny-01')
    return root


def make_cfg(videos, folder):
    """Three epochs of the shipped schedule with everything that can differ:
    longer clips, dropout, augmentation, schedules by epoch and iteration."""
    file = folder / 'config.py'
    file.write_text(
        f"_base_ = {[str(config_root() / '_base_' / name) for name in BASES]}")
    cfg = Config.fromfile(file)
    cfg.model = tiny_model_cfg(with_track_book=True)
    cfg.model.detector.encoder.layer_cfg.ffn_cfg.ffn_drop = 0.1
    cfg.work_dir = str(folder / 'run')
    load = dict(type='LoadClipImages')
    pack = dict(type='PackClipInputs')
    loading = dict(
        num_workers=0,
        persistent_workers=False,
        dataset=dict(data_root=str(videos), dataset_name='tiny'))
    for name in ('train', 'val', 'test'):
        cfg.merge_from_dict({f'{name}_dataloader': loading})
        cfg[f'{name}_dataloader'].dataset.pipeline = [load, pack]
    cfg.train_dataloader.batch_size = BATCH_SIZE
    cfg.train_dataloader.dataset.pipeline = [
        load, dict(type='ClipRandomFlip'), pack
    ]
    cfg.train_cfg.update(max_epochs=EPOCHS, val_interval=2)
    cfg.param_scheduler = dict(
        tracker=[
            dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=6),
            dict(type='MultiStepLR', by_epoch=True, milestones=[2])
        ],
        track_book=[
            dict(
                type='CosineAnnealingLR',
                by_epoch=True,
                T_max=EPOCHS,
                convert_to_iter_based=True)
        ])
    cfg.custom_hooks = [
        dict(type='ClipLengthHook', schedule=[(0, 2), (1, 3)])
    ]
    cfg.default_hooks.checkpoint.update(
        max_keep_ckpts=1,
        save_best='motchallenge-metric/MOTA',
        rule='greater')
    cfg.default_hooks.recovery.interval = 1
    cfg.default_hooks.logger.interval = 3
    cfg.log_level = 'WARNING'
    cfg.env_cfg.dist_cfg.backend = 'gloo'
    return cfg


class Recorder(Hook):
    """Notes what every iteration saw and gave, and copies the work dir.

    Args:
        snapshots (Path, optional): Folder of the copies, ``1`` after the first
            iteration, ``epoch_1`` after the first epoch.
    """

    priority = 'LOWEST'

    def __init__(self, snapshots=None):
        self.snapshots = snapshots
        self.rows = {}

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        rates = [
            group['lr'] for wrapper in runner.optim_wrapper.values()
            for group in wrapper.param_groups
        ]
        self.rows[runner.iter] = dict(
            batch_idx=batch_idx,
            epoch=runner.epoch,
            rates=rates,
            pixels=[int(clip.sum()) for clip in data_batch['inputs']],
            outputs={name: float(each) for name, each in outputs.items()})
        self._copy(runner.work_dir, f'{runner.iter + 1}')

    def after_train_epoch(self, runner):
        self._copy(runner.work_dir, f'epoch_{runner.epoch + 1}')

    def _copy(self, work_dir, name):
        if self.snapshots is not None:
            shutil.copytree(work_dir, self.snapshots / name)


def train(cfg, name, recorder):
    """Train with a logger of its own; returns the runner."""
    cfg = copy.deepcopy(cfg)
    cfg.experiment_name = name
    # its formatter takes a second for every checkpoint
    with mock.patch.object(Config, 'pretty_text', ''):
        runner = Runner.from_cfg(cfg)
        # the same priority as the hook that saves, but later
        runner.register_hook(recorder)
        runner.train()
    return runner


def resume(cfg, name, snapshot):
    """Go on in the same folder, as it was when the run was killed."""
    work_dir = Path(cfg.work_dir)
    shutil.rmtree(work_dir)
    shutil.copytree(snapshot, work_dir)
    cfg = copy.deepcopy(cfg)
    cfg.resume = True
    recorder = Recorder()
    return train(cfg, name, recorder), recorder


def all_state(runner):
    """Everything that a training ends with, but the clock."""
    hub = runner.message_hub
    return dict(
        weights=runner.model.state_dict(),
        optimisers=runner.optim_wrapper.state_dict(),
        schedulers={
            name: [each.state_dict() for each in schedulers]
            for name, schedulers in runner.param_schedulers.items()
        },
        position=(runner.epoch, runner.iter),
        info={
            name: value for name, value in hub.runtime_info.items()
            if name not in ('cfg', 'eta', 'exp_name')
        },
        histories={
            name: each.data for name, each in hub.log_scalars.items()
            if name not in TIMES
        },
        files=sorted(path.name for path in Path(runner.work_dir).iterdir()
                     if path.is_file()))


def assert_same(found, expected, where=''):
    """Bit by bit."""
    if isinstance(expected, torch.Tensor):
        assert torch.equal(found, expected), where
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys(), where
        for key, value in expected.items():
            assert_same(found[key], value, f'{where}.{key}')
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected), where
        for index, value in enumerate(expected):
            assert_same(found[index], value, f'{where}[{index}]')
    elif hasattr(expected, 'tolist'):
        assert found.tolist() == expected.tolist(), where
    else:
        assert found == expected, where
