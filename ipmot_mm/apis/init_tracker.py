"""Build a tracker from a config and load its weights."""
import pickle
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from torch import nn

from ipmot_mm.config_errors import read_file
from ipmot_mm.registry import MODELS

# Part of the model that exists in training alone: its absence or presence in
# a checkpoint says nothing about the layout of the tracker.
TRAINING_ONLY = 'track_book'


def init_tracker(config: Union[str, Path, Config],
                 checkpoint: Optional[Union[str, Path]] = None,
                 device: str = 'cpu',
                 cfg_options: Optional[Dict[str, Any]] = None,
                 fuse_conv_bn: bool = False) -> nn.Module:
    """Build the tracker of a config for inference.

    Also of a config of one of mmdet's trackers. Unlike mmdet 3.3.0's
    ``init_track_model`` (apis/inference.py:305-372) it sets the default scope
    by itself and takes a checkpoint as a whole or not at all.

    Args:
        config (str | Path | Config): Config or its file.
        checkpoint (str | Path, optional): Weights: a file, or an address that
            mmengine can read. Defaults to None, for random weights.
        device (str): Where the model goes; ``'auto'`` takes a GPU if there
            is one. Defaults to ``'cpu'``.
        cfg_options (dict, optional): Config keys to override, dotted.
            Defaults to None.
        fuse_conv_bn (bool): Whether to make the batch norms of the backbone
            part of its convolutions: faster, with results that differ in the
            last digits; see :meth:`QueryDetector.fold_norms`. Defaults to
            False.

    Returns:
        nn.Module: The model in evaluation mode; ``model.cfg`` holds the
        config.

    Raises:
        FileNotFoundError: If the config or the checkpoint is missing.
        ValueError: If the device is not there, the config has no model, the
            checkpoint is broken, of another layout or not finite, or norms
            are to be fused in a model that cannot.
    """
    cfg = _read_config(config)
    if cfg_options:
        cfg.merge_from_dict(cfg_options)
    if device == 'auto':
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    _check_device(device)
    init_default_scope(cfg.get('default_scope', 'ipmot_mm'))
    model = MODELS.build(cfg.model)
    if checkpoint is not None:
        _load_weights(model, str(checkpoint))
    if fuse_conv_bn:
        _fuse_norms(model)
    model.cfg = cfg
    return model.to(device).eval()


def _read_config(config: Union[str, Path, Config]) -> Config:
    if isinstance(config, (str, Path)):
        if not Path(config).is_file():
            raise FileNotFoundError(
                f'config {str(config)!r} does not exist; pass the path of a '
                'config file such as those under configs/')
        config = read_file(str(config))
    if not isinstance(config, Config):
        raise TypeError(
            'config must be a path or a Config, got '
            f'{type(config).__name__}')
    if 'model' not in config:
        raise ValueError(
            f'config {config.filename!r} has no key model; pass a leaf '
            'config, not a part of _base_')
    return Config(config.to_dict(), filename=config.filename)


def _check_device(device: str) -> None:
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f'device {device!r} cannot be used ({reason}); pass "cpu"'
        ) from None


def _fuse_norms(model: nn.Module) -> None:
    detector = getattr(model, 'detector', None)
    if not hasattr(detector, 'fold_norms'):
        raise ValueError(
            'fuse_conv_bn needs a model with a QueryDetector as detector, got '
            f'{type(model).__name__} with {type(detector).__name__}; leave '
            'it out')
    detector.fold_norms()


def _load_weights(model: nn.Module, checkpoint: str) -> None:
    """Load all weights, or say which do not fit."""
    if '://' not in checkpoint and not Path(checkpoint).is_file():
        raise FileNotFoundError(
            f'checkpoint {checkpoint!r} does not exist; pass the .pth file '
            'that a training wrote into its work directory')
    try:
        content = CheckpointLoader.load_checkpoint(
            checkpoint, map_location='cpu', logger='silent')
    except (pickle.UnpicklingError, zipfile.BadZipFile, EOFError,
            RuntimeError) as error:
        reason = (str(error).splitlines() or ['no content'])[0]
        raise ValueError(
            f'checkpoint {checkpoint!r} cannot be read ({reason}); copy the '
            'file again, or pass an older one') from None
    weights = content
    if isinstance(content, dict):
        weights = content.get('state_dict', content)
    if not isinstance(weights, dict):
        raise ValueError(
            f'checkpoint {checkpoint!r} holds a {type(weights).__name__}, '
            'not a dict of weights; pass the .pth file of a training')
    faults = _layout_faults(model, weights)
    if faults:
        raise ValueError(
            f'checkpoint {checkpoint!r} does not fit the model of the '
            f'config: {"; ".join(faults)}. Pass the config that it was '
            'trained with, or convert it with tools/model_converters')
    broken = _not_finite(model, weights)
    if broken:
        raise ValueError(
            f'checkpoint {checkpoint!r} holds NaN or infinity in '
            f'{len(broken)} weights, such as {broken[0]}; its training had '
            'gone wrong, pass an older one')
    model.load_state_dict(weights, strict=False)


def _not_finite(model: nn.Module, weights: Dict[str, Any]) -> List[str]:
    """Weights of the tracker with which it would track nothing."""
    return [
        name for name in model.state_dict()
        if not (name.startswith(TRAINING_ONLY)
                or weights[name].isfinite().all())
    ]


def _layout_faults(model: nn.Module, weights: Dict[str, Any]) -> List[str]:
    """What hinders the weights from being the model's, in words."""
    own = model.state_dict()
    missing = sorted(k for k in own.keys() - weights.keys()
                     if not k.startswith(TRAINING_ONLY))
    extra = sorted(k for k in weights.keys() - own.keys()
                   if not k.startswith(TRAINING_ONLY))
    reshaped = [
        f'{k} {tuple(weights[k].shape)} for {tuple(own[k].shape)}'
        for k in sorted(own.keys() & weights.keys())
        if getattr(weights[k], 'shape', None) != own[k].shape
    ]
    return [
        f'{len(keys)} {what} ({", ".join(keys[:3])}'
        f'{", ..." if len(keys) > 3 else ""})'
        for keys, what in ((missing, 'missing'), (extra, 'unexpected'),
                           (reshaped, 'of another shape')) if keys
    ]
