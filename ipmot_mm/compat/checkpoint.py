"""Trap: torch >= 2.6 does not load the checkpoints that mmengine writes.

``torch.load`` executes no code of a file by default since torch 2.6, and the
message hub in a checkpoint of mmengine 0.10.7 holds ``HistoryBuffer`` objects
(``mmengine/runner/checkpoint.py:347``; mmengine issue 1655). Their classes
are declared safe, which keeps the protection for everything else, and a file
that needs more is refused with one line.

Can go: when mmengine loads its own checkpoints under torch's default.
"""
import os
import os.path as osp
import pickle
from types import ModuleType
from typing import Any, Dict, List, Tuple

from .import_hooks import when_imported

OPT_IN = 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1'


def install_checkpoint_loader() -> None:
    """Have mmengine's checkpoints loadable once its runner is imported."""
    when_imported('mmengine.runner.checkpoint', _replace_local_loader)


def _replace_local_loader(checkpoint: ModuleType) -> None:
    import torch
    if not hasattr(torch.serialization, 'get_unsafe_globals_in_checkpoint'):
        return  # torch < 2.6: mmengine's own loader works
    # already here, as the loaders of other schemes call torch.load as well
    _declare_safe()
    checkpoint.CheckpointLoader.register_scheme(
        prefixes='', loader=load_from_local, force=True)


def load_from_local(filename: str,
                    map_location: Any = None,
                    **kwargs: Any) -> dict:
    """Load a checkpoint file without executing code of it.

    Args:
        filename (str): Path of the file.
        map_location (str | Callable, optional): As of ``torch.load``.
        kwargs: Others of ``torch.load``.

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
    _declare_safe()  # a tool may come here without mmengine's runner
    try:
        checkpoint = torch.load(filename, map_location=map_location, **kwargs)
    except pickle.UnpicklingError as error:
        raise ValueError(_explain_refusal(filename)) from error
    except Exception as error:  # damaged bytes lead to any kind
        reason = (str(error).splitlines() or ['it is empty'])[0]
        if isinstance(error, LookupError):
            reason = 'not a file of torch.save'
        raise ValueError(
            f'checkpoint cannot be read: {filename} '
            f'({reason.split(". ")[0]}); it may be cut off, copy or download '
            'it again') from error
    _drop_program(checkpoint)
    return checkpoint


def load_weights(filename: str) -> Dict[str, Any]:
    """Weights alone of a file, for the tools that rewrite or ask them.

    Args:
        filename (str): Checkpoint of a training, or a file of weights.

    Returns:
        dict[str, Tensor]: On the CPU, by name.

    Raises:
        As :func:`load_from_local`.
    """
    checkpoint = load_from_local(filename, map_location='cpu')
    return checkpoint.get('state_dict', checkpoint)


def _drop_program(checkpoint: Any) -> None:
    """Remove a config of old mmcv, which ``Runner.resume`` (mmengine 0.10.7,
    runner.py:2027) would run as Python; today's is under another key."""
    meta = checkpoint.get('meta') if isinstance(checkpoint, dict) else None
    if isinstance(meta, dict) and os.environ.get(OPT_IN[:-2]) != '1':
        meta.pop('config', None)


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


def _declare_safe() -> None:
    """Tell torch what a checkpoint of mmengine is made of, process-wide."""
    from torch import serialization
    if hasattr(serialization, 'add_safe_globals'):  # torch >= 2.4
        serialization.add_safe_globals(_safe_globals())


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
