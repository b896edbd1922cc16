"""Trap: mmdet's functions for tracking live frames take few configs.

``init_track_model`` of mmdet 3.3.0 (``mmdet/apis/inference.py:305``) does not
set the default scope, so that it finds no part of any tracker unless the
caller did. ``build_test_pipeline`` (:248) wants a ``TransformBroadcaster``
first, and drops its loading steps only if one of the others is spelled
``Resize``; else frames are looked for on the disk. It builds them in the
scope of whatever model came last.

A config that mmdet's way suits is left to it.

Can go: when mmdet sets the scope and drops loading steps by itself.
"""
import functools
from types import ModuleType
from typing import Any, Callable

from .import_hooks import when_imported


def install_track_inference() -> None:
    """Have mmdet's ``init_track_model`` and ``inference_mot`` take our
    configs."""
    when_imported('mmdet.apis.inference', _extend)


def _extend(inference: ModuleType) -> None:
    for name, wrap in (('init_track_model', _with_scope),
                       ('build_test_pipeline', _with_live_pipeline)):
        function = getattr(inference, name, None)
        if function is not None and not hasattr(function, '__wrapped__'):
            setattr(inference, name, wrap(function))


def _with_scope(init_track_model: Callable) -> Callable:

    @functools.wraps(init_track_model)
    def init_in_scope(config: Any, *args: Any, **kwargs: Any) -> Any:
        from mmengine.config import Config
        from mmengine.registry import init_default_scope
        if isinstance(config, str):
            config = Config.fromfile(config)
        if isinstance(config, Config):
            init_default_scope(config.get('default_scope', 'mmdet'))
        return init_track_model(config, *args, **kwargs)

    return init_in_scope


def _with_live_pipeline(build_test_pipeline: Callable) -> Callable:

    @functools.wraps(build_test_pipeline)
    def build(cfg: Any) -> Any:
        from mmengine.registry import TRANSFORMS, DefaultScope
        steps = cfg.test_dataloader.dataset.pipeline
        scope = cfg.get('default_scope')
        with DefaultScope.overwrite_default_scope(scope):
            if any(step['type'] == 'Resize'
                   for step in steps[0].get('transforms', ())):
                return build_test_pipeline(cfg)
            return TRANSFORMS.build(
                dict(type='ipmot_mm.LivePipeline', steps=steps))

    return build
