"""Whether the data loader keeps up with a model that trains."""
import copy
import tempfile
import time
from typing import Dict, Optional, Sequence

from mmengine.config import Config
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from .loader import PREFETCH, build_loader, endless


def measure_feeding(
        cfg: Config,
        num_iters: int,
        num_workers: Sequence[int],
        num_frames: Optional[int] = None) -> Dict[int, Dict[str, float]]:
    """Train for a few iterations and see how long each waits for its data.

    An iteration is the real one: forward, losses, backward and the step of
    all optimisers. Those during which the workers fill up are not counted.

    Args:
        cfg (Config): A whole config, with model and schedule.
        num_iters (int): Number of iterations to time.
        num_workers (Sequence[int]): Numbers of worker processes, one after
            the other on the same model.
        num_frames (int, optional): Clip length T instead of that of the
            config's sampler. Defaults to None.

    Returns:
        dict[int, dict[str, float]]: For each number of workers ``wait_share``
        (of the time of an iteration that it waits for data), ``wait_ms`` and
        ``train_ms`` of a mean iteration, and ``frames_per_second``.

    Raises:
        ValueError: If the config has no model.
    """
    if not cfg.get('model'):
        raise ValueError('The config has no model to train. Take a config of '
                         'an experiment, not one of a data set.')
    with tempfile.TemporaryDirectory() as work_dir:
        runner = _ready_runner(cfg, work_dir)
        return {
            count: _feed(
                runner, build_loader(cfg, 'train', count, num_frames),
                num_iters)
            for count in num_workers
        }


def _feed(runner: Runner, loader: DataLoader,
          num_iters: int) -> Dict[str, float]:
    """Train on the batches of a loader, both under the clock."""
    batches = endless(loader)
    wait = train = 0.0
    frames = 0
    num_ignored = loader.num_workers * PREFETCH + 1
    for number in range(num_ignored + num_iters):
        begin = time.perf_counter()
        batch = next(batches)
        arrived = time.perf_counter()
        runner.model.train_step(batch, runner.optim_wrapper)
        if number >= num_ignored:
            wait += arrived - begin
            train += time.perf_counter() - arrived
            frames += sum(map(len, batch['inputs']))
    return dict(
        wait_share=wait / (wait + train),
        wait_ms=wait * 1e3 / num_iters,
        train_ms=train * 1e3 / num_iters,
        frames_per_second=frames / (wait + train))


def _ready_runner(cfg: Config, work_dir: str) -> Runner:
    """A runner as it is when the first iteration of a training begins."""
    cfg = copy.deepcopy(cfg)
    cfg.work_dir = work_dir
    cfg.launcher = 'none'
    cfg.log_level = 'ERROR'
    # nothing to draw, and nothing that outlives the folder
    cfg.visualizer = dict(type='Visualizer', name='feeding', vis_backends=[])
    # the loop only lends its length; the loader under test is another one
    cfg.train_dataloader.update(num_workers=0, persistent_workers=False)
    for key in ('val', 'test'):
        for part in ('dataloader', 'cfg', 'evaluator'):
            cfg.pop(f'{key}_{part}', None)
    runner = Runner.from_cfg(cfg)
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.call_hook('before_run')
    runner._init_model_weights()
    runner.model.train()
    return runner
