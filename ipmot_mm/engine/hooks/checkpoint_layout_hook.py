"""Refuse a checkpoint of another model instead of going on without it."""
from typing import Dict

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from ipmot_mm.registry import HOOKS

from ..distributed import unwrap


@HOOKS.register_module()
class CheckpointLayoutHook(Hook):
    """Compares a checkpoint with the model before it is loaded.

    mmengine loads what fits and logs the rest as a warning, so that testing
    with the wrong file gives numbers of random weights. Parameters which
    only the file has are no fault: a checkpoint of training holds a
    TrackBook, which a test has no use for.

    Args:
        require_all (bool): Every parameter and buffer of the model must be in
            the file, with its shape; as for a test or a resume. Otherwise one
            that fits is enough; as for weights to start from. Defaults to
            True.
    """

    def __init__(self, *, require_all: bool = True) -> None:
        self.require_all = require_all

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """See :meth:`mmengine.hooks.Hook.after_load_checkpoint`.

        Raises:
            ValueError: The checkpoint is of another layout.
        """
        check_layout(
            unwrap(runner.model).state_dict(),
            checkpoint.get('state_dict', checkpoint),
            source=runner._load_from or f'the latest in {runner.work_dir}',
            require_all=self.require_all)


def check_layout(expected: Dict[str, Tensor], found: Dict[str, Tensor], *,
                 source: str, require_all: bool) -> None:
    """Raise unless the tensors found suit those expected.

    Args:
        expected (dict[str, Tensor]): ``state_dict`` of the model.
        found (dict[str, Tensor]): That of the checkpoint; a leading
            ``module.`` of its keys, left by wrappers, is ignored.
        source (str): Name of the file, for the message.
        require_all (bool): See :class:`CheckpointLayoutHook`.

    Raises:
        ValueError: The layouts differ.
    """
    shapes = {
        key[len('module.'):] if key.startswith('module.') else key:
        getattr(value, 'shape', None)
        for key, value in found.items()
    }
    # mmengine leaves the counter out as well: files of old torch lack it
    wanted = {
        key: value
        for key, value in expected.items()
        if not key.endswith('num_batches_tracked')
    }
    faults = [
        _describe(key, value, shapes) for key, value in wanted.items()
        if shapes.get(key) != value.shape
    ]
    if not faults or (len(faults) < len(wanted) and not require_all):
        return
    raise ValueError(
        f'checkpoint of another layout: {source} does not suit the model of '
        f'the config in {len(faults)} of {len(wanted)} tensors, e.g. '
        f'{faults[0]}; give the config that it was trained with')


def _describe(key: str, value: Tensor, shapes: dict) -> str:
    if key not in shapes:
        return f'{key} is missing'
    got = shapes[key]
    return (f'{key} has shape {tuple(got) if got is not None else None}, '
            f'expected {tuple(value.shape)}')
