"""One file for each command of ``tools/analysis_tools/benchmark.py``.

A command is a module with ``HELP`` (a line for ``--help``),
``add_arguments(parser)`` and ``run(args)``, which prints what it measured and
returns it as a dict that JSON can hold. The tool adds ``--json`` and the
description of the machine.
"""
from types import ModuleType
from typing import Dict

from . import (attention, cold_start, evaluation, feed, frame, iteration,
               kernels, loader, memory, overhead, profile, scaling, track_book)

COMMANDS: Dict[str, ModuleType] = dict(
    loader=loader,
    feed=feed,
    evaluation=evaluation,
    memory=memory,
    overhead=overhead,
    **{'cold-start': cold_start},
    frame=frame,
    iteration=iteration,
    profile=profile,
    scaling=scaling,
    attention=attention,
    kernels=kernels,
    **{'track-book': track_book},
)

__all__ = ['COMMANDS']
