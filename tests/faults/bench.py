"""A small training on which each fault is tried."""
import itertools
import json
import os
import shutil
import socket
import sys
import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Optional

from mmengine.config import Config

from ipmot_mm.datasets.synthmot import render_sequence, write_sequence
from ipmot_mm.testing import config_root
from ipmot_mm.testing.synthetic import tiny_domain

from .commands import (TESTS, TOOLS, VARIABLE, ColdStart, Run, WarmStart,
                       run_command)

BASES = [
    'models/ipmot_dab_tiny.py', 'datasets/synthmot.py',
    'schedules/schedule_8e_tiny.py', 'default_runtime.py'
]
NUM_FRAMES = 6
"""Clips of an epoch."""
EPOCHS = 2


class Bench:
    """Folder, data and config of the faulty trainings.

    Args:
        root (Path): Empty folder.
        warm (bool): Fork the commands of one process from a process that has
            done the imports. Defaults to False.
        seed (int): Of random times. Defaults to 0.
    """

    def __init__(self, root: Path, *, warm: bool = False,
                 seed: int = 0) -> None:
        self.root = root
        self.seed = seed
        self.env = dict(
            PYTHON=sys.executable,  # for dist_train.sh
            PYTHONPATH=os.pathsep.join([str(TESTS.parent),
                                        str(TESTS)]),
            OMP_NUM_THREADS='1',
            MKL_NUM_THREADS='1',
            CUDA_VISIBLE_DEVICES='-1')
        self.starter = WarmStart(self.env) if warm else ColdStart()
        self._numbers = itertools.count()
        self._second = 0
        self.data = root / 'data'
        write_video(self.data / 'Tiny-01', seed=1)
        self.config = root / 'config.py'
        write_config(self.config, self.data)
        self.config_with_validation = root / 'config_with_validation.py'
        write_config(self.config_with_validation, self.data, validate=True)

    def close(self) -> None:
        """End what was started."""
        self.starter.close()

    def train(self,
              name: str,
              *args: str,
              fault: Optional[dict] = None,
              kill_after: Optional[float] = None,
              config: Optional[Path] = None) -> Run:
        """``python tools/train.py CONFIG --work-dir NAME ...``.

        Args:
            name (str): Of the work dir.
            args (tuple[str]): Further arguments.
            fault (dict, optional): See ``injected.py``. Defaults to None.
            kill_after (float, optional): See :func:`run_command`.
            config (Path, optional): Defaults to one without validation.
        """
        argv = [str(TOOLS / 'train.py'), str(config or self.config),
                '--work-dir', str(self.root / name), *args]
        return self._run(argv, fault, kill_after)

    def test(self, checkpoint: Path, *args: str) -> Run:
        """``python tools/test.py CONFIG CHECKPOINT ...``."""
        argv = [str(TOOLS / 'test.py'), str(self.config), str(checkpoint),
                '--work-dir', str(self.root / 'test'), *args]
        return self._run(argv)

    def train_ranks(self, name: str, *args: str,
                    fault: Optional[dict] = None) -> Run:
        """``bash tools/dist_train.sh CONFIG 2 --work-dir NAME ...``."""
        # one Python script more, so that every command starts alike
        argv = [str(TESTS / 'faults' / 'exec.py'), 'bash',
                str(TOOLS / 'dist_train.sh'), str(self.config), '2',
                '--work-dir', str(self.root / name), *args]
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        return self._run(argv, fault, starter=ColdStart(), PORT=str(port))

    def _run(self, argv, fault=None, kill_after=None, starter=None,
             **env: str) -> Run:
        # each part of a training has a folder, which is called by the second
        while int(time.time()) == self._second:
            time.sleep(0.05)
        self._second = int(time.time())
        output = self.root / f'output_{next(self._numbers)}.txt'
        env = {**self.env, VARIABLE: json.dumps(fault or {}), **env}
        return run_command(
            starter or self.starter, argv, env, output, kill_after=kill_after)

    @cached_property
    def straight(self) -> Path:
        """Work dir of a training without any fault."""
        self.straight_seconds = self.train('straight').expect_code(0).seconds
        return self.root / 'straight'

    @cached_property
    def straight_ranks(self) -> Path:
        """Likewise, of two ranks."""
        self.train_ranks('straight_ranks').expect_code(0)
        return self.root / 'straight_ranks'

    def copy_of(self, work_dir: Path, name: str) -> Path:
        """A work dir of its own, for a fault done to finished files."""
        return Path(shutil.copytree(work_dir, self.root / name))

    @cached_property
    def checkpoint_size(self) -> int:
        """Bytes of a checkpoint."""
        return (self.straight / 'epoch_1.pth').stat().st_size


def write_video(folder: Path, seed: int) -> None:
    """A SynthMOT video of a few small frames with three persons."""
    domain = replace(
        tiny_domain(3),
        camera_height=1.0,
        feet_range=(0.85, 1.0),
        speed=(0.02, 0.05))
    write_sequence(render_sequence(domain, seed, NUM_FRAMES, (96, 64)), folder)


def write_config(file: Path, data: Path, *, validate: bool = False) -> None:
    """The shipped parts on one video: six iterations an epoch.

    Schedules change in every iteration, clips get longer and the
    augmentation draws random numbers, so that nothing resumes by chance.
    """
    bases = [(config_root() / '_base_' / name).as_posix() for name in BASES]
    file.write_text(f'_base_ = {bases}')
    cfg = Config.fromfile(file)
    loading = dict(
        num_workers=0,
        dataset=dict(data_root=str(data), dataset_name='tiny'))
    test_pipeline = [dict(type='LoadClipImages'), dict(type='PackClipInputs')]
    cfg.merge_from_dict(
        dict(
            train_cfg=dict(max_epochs=EPOCHS, val_interval=1),
            train_dataloader=dict(
                loading, batch_size=1, sampler=dict(max_interval=2)),
            val_dataloader=loading,
            test_dataloader=loading,
            default_hooks=dict(
                logger=dict(interval=1),
                recovery=dict(type='RecoveryCheckpointHook', interval=4),
                checkpoint=dict(interval=1, max_keep_ckpts=-1)),
            log_processor=dict(window_size=1),
            env_cfg=dict(dist_cfg=dict(timeout=60))))
    cfg.train_dataloader.dataset.pipeline = [
        dict(type='LoadClipImages'),
        dict(type='ClipRandomFlip', prob=0.5),
        dict(type='ClipHSV'),
        dict(type='PackClipInputs')
    ]
    for name in ('val_dataloader', 'test_dataloader'):
        cfg[name].dataset.pipeline = test_pipeline
    if not validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.param_scheduler.tracker[0].end = 4
    cfg.param_scheduler.tracker[1].T_max = EPOCHS
    cfg.param_scheduler.track_book[0].T_max = EPOCHS
    cfg.custom_hooks = [
        dict(type='ClipLengthHook', schedule=[(0, 2), (1, 3)]),
        dict(type='FaultHook')
    ]
    cfg.custom_imports.imports.append('faults.injected')
    cfg.dump(file)
