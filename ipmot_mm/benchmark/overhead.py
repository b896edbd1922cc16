"""What the framework adds to an iteration, whose model costs next to nothing.

The same model, data and optimiser run in a loop of a few lines, under
mmengine's own hooks and loop, and under those of a config.
"""
import copy
import os
import tempfile
import time
from statistics import median
from typing import Any, Dict, List, Optional

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from .op_counts import OpCounter

NUM_LOSSES = 18  # six decoder layers with three each
LOGGED = ('lr', 'data_time', 'grad_norm', 'loss',
          *(f'loss_{number}' for number in range(NUM_LOSSES)), 'time')
STOCK_HOOKS = dict(
    runtime_info=dict(type='mmengine.RuntimeInfoHook'),
    timer=dict(type='mmengine.IterTimerHook'),
    sampler_seed=dict(type='mmengine.DistSamplerSeedHook'),
    logger=dict(type='mmengine.LoggerHook'),
    param_scheduler=dict(type='mmengine.ParamSchedulerHook'),
    checkpoint=dict(type='mmengine.CheckpointHook'))
NO_CHECKPOINT = dict(interval=-1, save_last=False)
MAX_NORM, LEARNING_RATE = 0.1, 1e-6


def measure_overhead(cfg: Config,
                     num_iters: int,
                     num_rounds: int,
                     iters_before: int = 0) -> Dict[str, Dict[str, float]]:
    """Time iterations in turn, and count how often they wait for the device.

    Args:
        cfg (Config): Its ``default_hooks``, ``train_cfg.type`` and
            ``log_processor`` are those of ``ours``.
        num_iters (int): Iterations in a round.
        num_rounds (int): Rounds; the median of them counts.
        iters_before (int): Iterations that the histories of the message hub
            hold already, as in a long training. Defaults to 0.

    Returns:
        dict[str, dict[str, float]]: For ``bare``, ``mmengine`` and ``ours``:
        ``ms`` (processor time of the main thread, an iteration),
        ``overhead_ms`` (beyond ``bare``) and ``syncs`` (times that the host
        waits for the device, an iteration).
    """
    clocks: Dict[str, List[float]] = dict(bare=[], mmengine=[], ours=[])
    syncs = {}
    for number in range(num_rounds + 1):  # the first one imports and counts
        for name, seconds in clocks.items():
            clock = EpochClock(number == 0, iters_before)
            if name == 'bare':
                run_bare(clock, num_iters)
            else:
                run_framework(clock, num_iters,
                              cfg if name == 'ours' else None)
            if number == 0:
                syncs[name] = clock.counter.syncs / num_iters
            else:
                seconds.append(clock.seconds / num_iters)
    times = {name: median(values) * 1e3 for name, values in clocks.items()}
    return {
        name: dict(
            ms=value, overhead_ms=value - times['bare'], syncs=syncs[name])
        for name, value in times.items()
    }


class EpochClock(Hook):
    """Times all iterations of an epoch, or counts their syncs.

    Args:
        is_counting (bool): Which of the two; counting takes its time.
            Defaults to False.
        iters_before (int): See :func:`measure_overhead`. Defaults to 0.

    Attributes:
        seconds (float): Of processor time in this thread.
        counter (:obj:`OpCounter`): With the counts.
    """

    def __init__(self,
                 is_counting: bool = False,
                 iters_before: int = 0) -> None:
        device = torch.device(get_device()).type
        self.counter: Optional[OpCounter] = (
            OpCounter(device) if is_counting else None)
        self.iters_before = iters_before
        self.seconds = 0.0

    def before_train(self, runner: Runner) -> None:
        """Fill the histories."""
        for key in LOGGED if self.iters_before else ():
            runner.message_hub.log_scalars[f'train/{key}'] = HistoryBuffer(
                np.ones(self.iters_before), np.ones(self.iters_before, int))

    def before_train_epoch(self, runner: Optional[Runner]) -> None:
        """Begin."""
        if self.counter is not None:
            self.counter.__enter__()
        self.seconds = -time.thread_time()

    def after_train_epoch(self, runner: Optional[Runner]) -> None:
        """End."""
        self.seconds += time.thread_time()
        if self.counter is not None:
            self.counter.__exit__()


class ManyLosses(BaseModel):
    """One weight with ``NUM_LOSSES`` losses."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, inputs: Tensor, mode: str = 'loss') -> Dict[str, Tensor]:
        """Losses without any meaning."""
        loss = (self.weight - inputs).square().mean()
        return {
            f'loss_{number}': loss * number
            for number in range(NUM_LOSSES)
        }


class Numbers(Dataset):
    """Every sample is its index.

    Args:
        length (int): Number of samples.
    """

    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Dict[str, Tensor]:
        return dict(inputs=torch.tensor(float(index)))


def run_bare(clock: EpochClock, num_iters: int) -> None:
    """Train with what is needed, and log nothing."""
    device = get_device()
    model = ManyLosses().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    clock.before_train_epoch(None)
    for batch in DataLoader(Numbers(num_iters)):
        losses = model(batch['inputs'].to(device))
        sum(losses.values()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
        optimizer.step()
        optimizer.zero_grad()
    clock.after_train_epoch(None)


def run_framework(clock: EpochClock, num_iters: int,
                  cfg: Optional[Config]) -> None:
    """Train with a runner.

    Args:
        clock (:obj:`EpochClock`): Registered as a hook.
        num_iters (int): Of one epoch.
        cfg (Config, optional): See :func:`measure_overhead`; None takes all
            from mmengine.
    """
    scope = 'mmengine.' if cfg is None else ''
    parts: Dict[str, Any] = dict(
        default_hooks=copy.deepcopy(STOCK_HOOKS),
        train_cfg=dict(by_epoch=True))
    if cfg is not None:
        parts = copy.deepcopy(
            dict(
                default_hooks=cfg.get('default_hooks') or {},
                log_processor=cfg.get('log_processor'),
                train_cfg=dict(type=cfg.train_cfg.get('type'))))
    parts['default_hooks'].setdefault(
        'checkpoint', dict(type='CheckpointHook')).update(NO_CHECKPOINT)
    parts['train_cfg']['max_epochs'] = 1
    with tempfile.TemporaryDirectory() as work_dir:
        Runner(
            model=ManyLosses(),
            work_dir=work_dir,
            train_dataloader=DataLoader(Numbers(num_iters)),
            optim_wrapper=dict(
                type=f'{scope}OptimWrapper',
                optimizer=dict(type='SGD', lr=LEARNING_RATE),
                clip_grad=dict(max_norm=MAX_NORM)),
            custom_hooks=[clock],
            default_scope='ipmot_mm',
            log_level='ERROR',
            experiment_name=f'overhead_{os.urandom(6).hex()}',
            **parts).train()
