"""One training of a study, from its config to its weights."""
import math
import pprint
import time
from typing import Any, Callable, Dict, List, Optional

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipmot_mm.compat.checkpoint import load_from_local
from ipmot_mm.compat.checkpoint_writer import save_to_disk
from ipmot_mm.engine.checkpoint_search import choose_start, find_latest
from ipmot_mm.engine.hooks.checkpoint_layout_hook import CheckpointLayoutHook

from .fingerprint import file_digest
from .plan import Run
from .records import remove_checkpoints, weights_of

Progress = Callable[[float], None]
DROPPED = 'track_book.'
"""Head of the tensors that only a training has: rows of its persons, and the
towers of CLIP."""
WINDOW = 50
TEXT_WIDTH = 78


def train(run: Run, progress: Progress) -> Dict[str, Any]:
    """Train, or go on from the last checkpoint, and keep the weights alone.

    Args:
        run (:obj:`Run`): The run.
        progress (Callable): Called with the finished part in [0, 1].

    Returns:
        dict: ``seconds``, ``iterations``, ``resumed``, ``losses`` (mean of
        the last iterations) and ``weights`` (``sha256``, ``bytes``).

    Raises:
        FloatingPointError: If a loss or a weight is not finite.
    """
    started = time.perf_counter()
    cfg = training_config(run)
    start_from = cfg.get('load_from')
    cfg.resume, cfg.load_from = True, None
    runner = Runner.from_cfg(cfg)
    unfinished = choose_start(runner, start_from)
    resumed = runner._resume
    if unfinished:
        runner.register_hook(
            CheckpointLayoutHook(require_all=resumed), priority='VERY_HIGH')
        runner.register_hook(ProgressHook(progress=progress))
        runner.train()
    checkpoint = load_from_local(
        find_latest(str(run.folder)).path, map_location='cpu')
    losses = _last_losses(checkpoint)
    weights = keep_weights(run, checkpoint['state_dict'])
    return dict(
        seconds=time.perf_counter() - started,
        iterations=checkpoint['meta']['iter'],
        resumed=resumed,
        losses=losses,
        weights=weights)


def training_config(run: Run) -> Config:
    """Config of a training that neither validates nor tests.

    Args:
        run (:obj:`Run`): The run.

    Returns:
        :obj:`Config`: For a ``Runner``.
    """
    cfg = QuickConfig(run.cfg)
    for part in ('val', 'test'):
        for key in ('cfg', 'dataloader', 'evaluator'):
            cfg[f'{part}_{key}'] = None
    set_place(cfg, run, str(run.folder), 'train')
    hook = cfg.setdefault('default_hooks', {}).get('checkpoint')
    if hook:
        hook.update(max_keep_ckpts=1)
        hook.pop('save_best', None)
    return cfg


def set_place(cfg: Config, run: Run, folder: str, what: str) -> None:
    """Write into a config where it runs, and with which seed.

    Args:
        cfg (:obj:`Config`): The config.
        run (:obj:`Run`): The run.
        folder (str): Of logs and results.
        what (str): Tells experiments of a run apart.
    """
    cfg.launcher = 'none'
    cfg.work_dir = folder
    cfg.experiment_name = f'{run.folder.name}_{what}'
    randomness = dict(cfg.get('randomness') or {})
    cfg.randomness = dict(randomness, seed=run.seed)


class QuickConfig(Config):
    """mmengine's config, but written without a formatter of code.

    mmengine formats the whole config by yapf for every log, every file of
    scalars and every checkpoint (``mmengine/config/config.py``,
    ``pretty_text``), half a second each. A training of two minutes with three
    tests has fifteen of them.
    """

    @property
    def pretty_text(self) -> str:
        """str: Python code of the config."""
        lines = [
            f'{key} = '
            + pprint.pformat(value, width=TEXT_WIDTH, sort_dicts=False)
            for key, value in self.to_dict().items()
        ]
        return '\n'.join(lines) + '\n'


class ProgressHook(Hook):
    """Tells how far a training or a test is.

    Args:
        progress (Callable): Called with the finished part in [0, 1].
    """

    priority = 'VERY_LOW'

    def __init__(self, *, progress: Progress) -> None:
        self.progress = progress

    def after_train_iter(self, runner: Runner, *args: Any,
                         **kwargs: Any) -> None:
        """See :meth:`mmengine.hooks.Hook.after_train_iter`."""
        self.progress((runner.iter + 1) / max(1, runner.max_iters))

    def after_test_iter(self, runner: Runner, batch_idx: int, *args: Any,
                        **kwargs: Any) -> None:
        """See :meth:`mmengine.hooks.Hook.after_test_iter`."""
        total = len(runner.test_loop.dataloader)
        self.progress((batch_idx + 1) / max(1, total))


def keep_weights(run: Run, state: Dict[str, Any]) -> Dict[str, Any]:
    """Write what a test needs, then remove the checkpoints.

    Args:
        run (:obj:`Run`): The run.
        state (dict[str, Tensor]): Of the model.

    Returns:
        dict: ``sha256`` and ``bytes`` of the file.

    Raises:
        FloatingPointError: If a weight is not finite.
    """
    kept = {
        key: value
        for key, value in state.items() if not key.startswith(DROPPED)
    }
    broken = _not_finite(kept)
    if broken:
        raise FloatingPointError(
            f'{broken[0]} and {len(broken) - 1} other tensors are not finite '
            'after the training')
    path = weights_of(run)
    save_to_disk(dict(state_dict=kept), str(path))
    remove_checkpoints(run)
    return dict(sha256=file_digest(str(path)), bytes=path.stat().st_size)


def _not_finite(state: Dict[str, Any]) -> List[str]:
    return [
        key for key, value in state.items()
        if value.is_floating_point() and not value.isfinite().all()
    ]


def _last_losses(checkpoint: Dict[str, Any]) -> Dict[str, Optional[float]]:
    """Mean of each loss over the last iterations."""
    losses = {}
    for name, history in checkpoint['message_hub']['log_scalars'].items():
        if name.startswith('train/') and 'loss' in name:
            losses[name[len('train/'):]] = float(history.mean(WINDOW))
    if not math.isfinite(losses.get('loss', 0.0)):
        raise FloatingPointError(
            f'the loss is {losses["loss"]} at the end of the training')
    return losses
