"""Trap: a full disk ends a training in its log, or fills the terminal.

``LocalVisBackend._dump`` of mmengine 0.10.7
(``mmengine/visualization/vis_backend.py``) appends to ``scalars.json`` and
lets the error of the system through; the log file of its ``MMLogger``
(``mmengine/logging/logger.py:261``) prints a traceback for every line.
Checkpoints that cannot be written are reported and tried again; a line of a
log is not worth more.

Can go: when mmengine goes on without the line.
"""
import functools
import logging
import sys
from types import ModuleType
from typing import Any, Callable

from .import_hooks import when_imported


def install_log_files() -> None:
    """Have a training go on where a line of its logs cannot be written."""
    when_imported('mmengine.visualization.vis_backend', _replace_dump)
    when_imported('mmengine.logging.logger', _replace_handlers)


def _replace_dump(vis_backend: ModuleType) -> None:
    backend = vis_backend.LocalVisBackend
    if not hasattr(backend._dump, '__wrapped__'):
        backend._dump = _going_on(backend._dump)


def _going_on(dump: Callable) -> Callable:

    @functools.wraps(dump)
    def dump_if_possible(self: Any, value_dict: dict, file_path: str,
                         file_format: str) -> None:
        try:
            dump(self, value_dict, file_path, file_format)
        except OSError as error:
            from mmengine.logging import print_log
            if not getattr(self, '_has_reported', False):
                print_log(
                    f'{file_path} cannot be written '
                    f'({error.strerror or error}); the training goes on '
                    'without these lines',
                    'current',
                    level=logging.WARNING)
            self._has_reported = True

    return dump_if_possible


def _replace_handlers(logger: ModuleType) -> None:
    construct = logger.MMLogger.__init__
    if hasattr(construct, '__wrapped__'):
        return

    @functools.wraps(construct)
    def construct_with_quiet_files(self: Any, *args: Any,
                                   **kwargs: Any) -> None:
        construct(self, *args, **kwargs)
        for handler in self.handlers:
            if isinstance(handler, logging.FileHandler):
                handler.handleError = functools.partial(
                    _pass_over, handler, handler.handleError)

    logger.MMLogger.__init__ = construct_with_quiet_files


def _pass_over(handler: logging.FileHandler, handle: Callable,
               record: logging.LogRecord) -> None:
    """The line stands in the terminal; one in the file is missing."""
    if not isinstance(sys.exc_info()[1], OSError):
        handle(record)
