"""Trainings of a line: a Runner in milliseconds instead of seconds."""
import copy
from pathlib import Path

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import Dataset

import ipmot_mm.registry  # noqa: F401  (a spawned process has no conftest)

NUM_SAMPLES = 12


class Line(BaseModel):
    """One weight, fitted to twice its input, with noise of its own."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(1, 1)
        self.calls = 0

    def forward(self, inputs, mode='loss'):
        inputs = torch.as_tensor(inputs).float().view(-1, 1)
        self.calls += 1
        noise = torch.rand_like(inputs)
        error = self.layer(inputs) - 2 * inputs - noise
        return dict(loss=error.square().mean(), noise=noise.mean())

    def val_step(self, data):
        self.calls += 1
        return [None]


class Values(Dataset):
    """The numbers from 0 on; notes which were asked for."""

    def __init__(self, size=NUM_SAMPLES):
        self.asked = []
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        self.asked.append(int(index))
        return float(index)


class Seen(Hook):
    """What each iteration saw and gave; may stop the run like a kill."""

    priority = 'LOWEST'

    def __init__(self, kill_after=None):
        self.kill_after = kill_after
        self.rows = {}

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        rates = runner.optim_wrapper.get_lr()['lr']
        self.rows[runner.iter] = (runner.epoch, batch_idx,
                                  data_batch['inputs'], outputs['loss'].item(),
                                  rates[0], outputs['noise'].item())
        if runner.iter + 1 == self.kill_after:
            raise KeyboardInterrupt


def collate(batch):
    return dict(inputs=list(batch))


SCHEDULE = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=4),
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        T_max=3,
        convert_to_iter_based=True),
    dict(type='MultiStepLR', by_epoch=True, milestones=[2], gamma=0.1)
]


def run(work_dir,
        kill_after=None,
        *,
        batch_size=2,
        dataset=None,
        hooks=None,
        loader=None,
        seed=0,
        train_cfg=None,
        custom_hooks=(),
        **kwargs):
    """Train three epochs, or until a kill; returns runner and rows."""
    run.count += 1
    seen = Seen(kill_after)
    runner = Runner(
        Line(),
        str(work_dir),
        train_dataloader=loader or dict(
            dataset=dataset or Values(),
            sampler=dict(type='DefaultSampler', shuffle=True),
            batch_size=batch_size,
            collate_fn=collate),
        train_cfg=dict(
            type='ResumableTrainLoop', max_epochs=3, **(train_cfg or {})),
        optim_wrapper=dict(optimizer=dict(type='AdamW', lr=0.01)),
        param_scheduler=copy.deepcopy(SCHEDULE),
        default_hooks={
            'checkpoint': dict(type='CheckpointHook', interval=1),
            'recovery': dict(type='RecoveryCheckpointHook', interval=1),
            **(hooks or {})
        },
        custom_hooks=[seen, *custom_hooks],
        default_scope='ipmot_mm',
        randomness=dict(seed=seed),
        log_level='ERROR',
        experiment_name=f'line-{Path(work_dir).name}-{run.count}',
        **kwargs)
    try:
        runner.train()
    except KeyboardInterrupt:
        pass
    return runner, seen.rows


run.count = 0
