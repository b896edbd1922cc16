"""Trap: a crash or a full disk while saving leaves a broken checkpoint.

``save_checkpoint`` of mmengine 0.10.7 (``mmengine/runner/checkpoint.py:732``)
makes the whole file in memory and then writes it in place
(``mmengine/fileio/backends/local_backend.py``, ``put``). Files on local
drives are streamed to another name and renamed instead; addresses of other
storages are left to mmengine.

Can go: when mmengine renames a finished file into its place.
"""
import functools
import os.path as osp
import shutil
from types import ModuleType
from typing import Any, Callable, Dict, Optional

from ipmot_mm.atomic_files import NotWrittenError, write_atomically

from .import_hooks import when_imported


def install_checkpoint_writer() -> None:
    """Have checkpoints written in one step, wherever the runner saves."""
    # the later ones copy the name, and may have been imported already
    for module in ('mmengine.runner.checkpoint', 'mmengine.runner.runner',
                   'mmengine.runner'):
        when_imported(module, _replace_writer)


def _replace_writer(module: ModuleType) -> None:
    if not hasattr(module.save_checkpoint, '__wrapped__'):
        module.save_checkpoint = _in_one_step(module.save_checkpoint)


def _in_one_step(save: Callable) -> Callable:

    @functools.wraps(save)
    def save_checkpoint(checkpoint: dict,
                        filename: Any,
                        file_client_args: Optional[dict] = None,
                        backend_args: Optional[dict] = None) -> None:
        from mmengine.fileio import LocalBackend, get_file_backend
        filename = str(filename)
        is_local = file_client_args is None and not filename.startswith(
            'pavi://') and isinstance(
                get_file_backend(filename, backend_args=backend_args),
                LocalBackend)
        if is_local:
            save_to_disk(checkpoint, filename)
        else:
            save(checkpoint, filename, file_client_args, backend_args)

    return save_checkpoint


def save_to_disk(checkpoint: Dict[str, Any], path: str) -> None:
    """``torch.save`` in one step, without a copy in memory.

    Args:
        checkpoint (dict): What to save.
        path (str): The file.

    Raises:
        NotWrittenError: With the space that the checkpoint needs and the
            space that there is.
    """
    import torch
    try:
        write_atomically(path, lambda file: torch.save(checkpoint, file))
    except NotWrittenError as error:
        raise NotWrittenError(
            f'{error}; it takes {_mebibytes(count_bytes(checkpoint))}, '
            f'{_free_space(osp.dirname(path))} are free') from error


def count_bytes(checkpoint: Any) -> int:
    """Bytes of all tensors in nested dicts and sequences, each storage
    once."""
    from torch import Tensor
    storages: Dict[int, int] = {}
    todo = [checkpoint]
    while todo:
        item = todo.pop()
        if isinstance(item, Tensor):
            storage = item.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
        elif isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, (list, tuple)):
            todo.extend(item)
    return sum(storages.values())


def _free_space(folder: str) -> str:
    try:
        return _mebibytes(shutil.disk_usage(folder or '.').free)
    except OSError:
        return 'unknown'


def _mebibytes(num_bytes: int) -> str:
    return f'{num_bytes / 2**20:.1f} MiB'
