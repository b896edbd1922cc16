"""A training of a second: one weight beside much that takes space."""
import os
import traceback
from datetime import timedelta

import torch
from file_faults import LARGE
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from torch.utils.data import Dataset

from ipmot_mm.registry import DATASETS, MODELS


@MODELS.register_module()
class LineModel(BaseModel):
    """Fitted to twice its input; its checkpoints have ``LARGE`` bytes."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.register_buffer('ballast', torch.rand(LARGE // 4))

    def forward(self, inputs, mode='tensor', **kwargs):
        inputs = torch.as_tensor(inputs).float().view(-1, 1)
        if mode == 'predict':
            return [BaseDataElement() for _ in inputs]
        return dict(loss=(self.layer(inputs) - 2 * inputs).square().mean())


@DATASETS.register_module()
class LineData(Dataset):
    """Six numbers that claim to be two videos."""
    metainfo = dict(classes=('line', ))

    def __init__(self, length=4, dataset_name='lines'):
        self.length = length
        self.dataset_name = dataset_name

    def count_by_video(self):
        return {'v1': [self.length, 9, 2], 'v2': [6 - self.length, 3, 1]}

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return dict(inputs=torch.tensor(float(index)))


def make_cfg(work_dir, epochs=2, hooks=(), interval=1, **checkpoint):
    """Settings of a training; ``checkpoint`` are those of its hook."""
    return dict(
        default_scope='ipmot_mm',
        work_dir=str(work_dir),
        model=dict(type='LineModel'),
        train_dataloader=dict(
            batch_size=2,
            num_workers=0,
            dataset=dict(type='LineData'),
            sampler=dict(type='DefaultSampler', shuffle=False)),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='AdamW', lr=0.01)),
        default_hooks=dict(
            checkpoint=dict(
                type='CheckpointHook', interval=interval, **checkpoint),
            training_data=dict(type='TrainingDataHook')),
        custom_hooks=list(hooks),
        randomness=dict(seed=0),
        # a logger each: the file of the first would be gone
        experiment_name=f'line_{os.urandom(6).hex()}')


def make_runner(work_dir, *args, **kwargs):
    """The same as a runner; keywords of the Runner go into ``extra``."""
    extra = kwargs.pop('extra', {})
    return Runner(**{**make_cfg(work_dir, *args, **kwargs), **extra})


def on_two_ranks(folder, call):
    """Exit statuses of two forked processes, which run ``call(rank)`` as
    the ranks of one group; ``folder`` is where they meet."""

    def start(rank):
        torch.distributed.init_process_group(
            'gloo',
            f'file://{folder}/meeting',
            rank=rank,
            world_size=2,
            timeout=timedelta(seconds=60))
        call(rank)
        os._exit(0)

    children = []
    for rank in range(2):
        children.append(os.fork())
        if children[-1] == 0:
            try:
                start(rank)
            finally:
                traceback.print_exc()
                os._exit(1)
    return [
        os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for child in children
    ]
