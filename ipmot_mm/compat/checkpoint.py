"""Trap: torch >= 2.6 does not load the checkpoints that mmengine writes.

``torch.load`` executes no code of a file by default since torch 2.6, and the
message hub in a checkpoint of mmengine 0.10.7 holds ``HistoryBuffer`` objects
(``mmengine/runner/checkpoint.py:347``; mmengine issue 1655). Their classes
are declared safe, which keeps the protection for everything else, and a file
that needs more is refused with one line.

Can go: when mmengine loads its own checkpoints under torch's default.
"""
import os.path as osp
import pickle
from types import ModuleType
from typing import Any, List, Tuple

from .import_hooks import when_imported

OPT_IN = 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1'


def install_checkpoint_loader() -> None:
    """Have mmengine's checkpoints loadable once its runner is imported."""
    when_imported('mmengine.runner.checkpoint', _replace_local_loader)


def _replace_local_loader(checkpoint: ModuleType) -> None:
    import torch
    if not hasattr(torch.serialization, 'get_unsafe_globals_in_checkpoint'):
        return  # torch < 2.6: mmengine's own loader works
    # process-wide, as the loaders of other schemes call torch.load as well
    torch.serialization.add_safe_globals(_safe_globals())
    checkpoint.CheckpointLoader.register_scheme(
        prefixes='', loader=load_from_local, force=True)


def load_from_local(filename: str, map_location: Any = None) -> dict:
    """Load a checkpoint file without executing code of it.

    Args:
        filename (str): Path of the file.
        map_location (str | Callable, optional): As of ``torch.load``.

    Returns:
        dict: The checkpoint.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no checkpoint, or needs code execution and
            the user has not opted in.
    """
    import torch
    filename = osp.expanduser(filename)
    if not osp.isfile(filename):
        raise FileNotFoundError(
            f'checkpoint not found: {filename}; give the path of an existing '
            '.pth file')
    try:
        return torch.load(filename, map_location=map_location)
    except pickle.UnpicklingError as error:
        raise ValueError(_explain_refusal(filename)) from error
    except (EOFError, RuntimeError, KeyError) as error:
        reason = (str(error).splitlines() or ['it is empty'])[0]
        raise ValueError(
            f'checkpoint cannot be read: {filename} ({reason}); it may be '
            'cut off, copy or download it again') from error


def _explain_refusal(filename: str) -> str:
    import torch
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(filename)
    except Exception:  # not torch's format, so that nothing can be listed
        return (f'checkpoint cannot be read: {filename} is not a file of '
                'torch.save; give a .pth file written by training')
    known = {name for _, name in _named_safe_globals()}
    others = sorted(set(names) - known)
    return (f'checkpoint refused: loading {filename} would execute code '
            f'(objects of {", ".join(others)}); if you trust its origin, set '
            f'the environment variable {OPT_IN}')


def _safe_globals() -> List[Any]:
    return [*_named_safe_globals(), *_dtype_classes()]


def _named_safe_globals() -> List[Tuple[Any, str]]:
    """Objects with the names by which a checkpoint refers to them."""
    import numpy as np
    from mmengine.logging import HistoryBuffer
    multiarray = getattr(np, '_core', None) or np.core
    multiarray = multiarray.multiarray
    named = [(HistoryBuffer, 'mmengine.logging.history_buffer.HistoryBuffer'),
             (_history_statistic, 'builtins.getattr'),
             (slice, 'builtins.slice'), (np.ndarray, 'numpy.ndarray'),
             (np.dtype, 'numpy.dtype')]
    # numpy 2 renamed the package, files of either must load with either
    for package in ('numpy._core', 'numpy.core'):
        for name in ('_reconstruct', 'scalar'):
            named.append((getattr(multiarray,
                                  name), f'{package}.multiarray.{name}'))
    return named


def _dtype_classes() -> List[type]:
    import numpy as np
    return sorted({type(np.dtype(code))
                   for code in '?bBhHiIlLqQefdgFD'},
                  key=lambda kind: kind.__name__)


def _history_statistic(owner: type, name: str) -> Any:
    """Stands for ``getattr`` in a checkpoint, which could reach anything.

    A HistoryBuffer stores its statistics (mean, max, ...) as attributes of
    its class; those are all that a file may ask for.
    """
    from mmengine.logging import HistoryBuffer
    if owner is not HistoryBuffer or name.startswith('_'):
        raise pickle.UnpicklingError(
            f'attribute {name} of {owner} is not a statistic of HistoryBuffer')
    return getattr(owner, name)
