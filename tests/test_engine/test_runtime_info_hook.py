"""The same log as with mmengine's hooks, without waiting for the device."""
import json
import os

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import Dataset

from ipmot_mm.benchmark.op_counts import OpCounter
from ipmot_mm.engine.hooks import RuntimeInfoHook
from ipmot_mm.registry import DATASETS, MODELS

NUM_ITERS, INTERVAL = 23, 5


@MODELS.register_module()
class ManyLosses(BaseModel):
    """A weight with 18 losses; the fifth iteration is skipped."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))

    def forward(self, inputs, mode='tensor', **kwargs):
        return {f'loss_{i}': (self.weight - inputs[0] * i)**2
                for i in range(18)}

    def train_step(self, data, optim_wrapper):
        if int(data['inputs'][0]) == 4:
            return dict(num_skipped=torch.tensor(1))
        return super().train_step(data, optim_wrapper)


@DATASETS.register_module()
class Numbers(Dataset):
    """Each is its own index."""
    metainfo = dict()

    def __len__(self):
        return NUM_ITERS

    def __getitem__(self, index):
        return dict(inputs=torch.tensor(float(index)))


class SyncCounter(Hook):
    """Counts the syncs of every iteration, its hooks included."""
    priority = 'HIGHEST'

    def __init__(self):
        self.syncs, self.counter = [], None

    def _stop(self, runner, *args, **kwargs):
        if self.counter is not None:
            self.counter.__exit__(None, None, None)
            self.syncs.append(self.counter.syncs)
            self.counter = None

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self._stop(runner)
        self.counter = OpCounter()
        self.counter.__enter__()

    after_train_epoch = _stop


def train(folder, scope='', hooks=()):
    """Train with the hooks of a scope, and return the runner."""
    runner = Runner(
        default_scope='ipmot_mm',
        work_dir=str(folder),
        model=dict(type='ManyLosses'),
        train_dataloader=dict(
            batch_size=1,
            num_workers=0,
            dataset=dict(type='Numbers'),
            sampler=dict(type='DefaultSampler', shuffle=False)),
        train_cfg=dict(type='ResumableTrainLoop', max_epochs=1),
        optim_wrapper=dict(
            type=f'{scope}OptimWrapper',
            optimizer=dict(type='SGD', lr=0.001),
            clip_grad=dict(max_norm=0.1)),
        default_hooks=dict(
            runtime_info=dict(type=f'{scope}RuntimeInfoHook'),
            logger=dict(type='LoggerHook', interval=INTERVAL)),
        custom_hooks=list(hooks),
        randomness=dict(seed=0),
        log_level='ERROR',
        experiment_name=f'losses_{os.urandom(6).hex()}')
    runner.train()
    return runner


def read_log(runner):
    """Lines of the JSON log without the times, and the order of the keys."""
    path = os.path.join(runner.log_dir, 'vis_data', 'scalars.json')
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    keys = [list(line) for line in lines]
    return keys, [{key: value for key, value in line.items()
                   if 'time' not in key} for line in lines]


@pytest.fixture(scope='module')
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp('log')
    return (train(folder / 'ours'), train(folder / 'mmengine', 'mmengine.'))


def test_the_log_is_the_same(both) -> None:
    ours, theirs = map(read_log, both)
    assert ours == theirs
    assert len(ours[1]) == NUM_ITERS // INTERVAL
    assert {'lr', 'grad_norm', 'loss', 'loss_17', 'num_skipped'} <= set(
        ours[1][-1])


def test_message_hub_and_checkpoint_are_the_same(both) -> None:
    ours, theirs = [torch.load(
        os.path.join(runner.work_dir, 'epoch_1.pth'),
        weights_only=False)['message_hub'] for runner in both]
    assert ours['resumed_keys'] == theirs['resumed_keys']
    assert list(ours['log_scalars']) == list(theirs['log_scalars'])
    for key, expected in theirs['log_scalars'].items():
        history = ours['log_scalars'][key]
        assert type(history) is HistoryBuffer
        if 'time' not in key:
            assert history.data[0].tolist() == expected.data[0].tolist()
        assert history.data[1].tolist() == expected.data[1].tolist()


def test_ours_stands_for_mmengine_in_this_scope(both) -> None:
    kinds = [type(hook) for hook in both[0].hooks]
    assert RuntimeInfoHook in kinds
    assert not any(kind is RuntimeInfoHook.__bases__[0] for kind in kinds)


def test_an_iteration_waits_only_when_a_line_is_logged(tmp_path) -> None:
    counter = SyncCounter()
    runner = train(tmp_path, hooks=[counter])
    assert runner.iter == NUM_ITERS
    # besides the one of this model, which looks at its batch
    assert counter.syncs[:-1] == [
        1 + (index % INTERVAL == INTERVAL - 1)
        for index in range(NUM_ITERS - 1)
    ]
