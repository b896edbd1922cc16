"""Weight files of CLIP, read without executing code of them."""
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Tuple

import torch
from torch import Tensor

from ipmot_mm.compat.checkpoint import load_from_local

SIZES = ('input_resolution', 'context_length', 'vocab_size')
"""Numbers that OpenAI keeps among the weights; the model config has them."""

_DTYPES = {
    'FloatStorage': torch.float32,
    'HalfStorage': torch.float16,
    'BFloat16Storage': torch.bfloat16,
    'DoubleStorage': torch.float64,
    'LongStorage': torch.int64,
    'IntStorage': torch.int32,
    'BoolStorage': torch.bool,
}


def read_clip_weights(path: str) -> Dict[str, Tensor]:
    """Weights by the names of open_clip.

    Takes a state dict in a file of ``torch.save`` (``.pt``, ``.pth``,
    ``.bin``), a checkpoint of open_clip's training, ``.safetensors``, and
    the TorchScript archives of OpenAI.

    Args:
        path (str): An existing file.

    Returns:
        dict[str, Tensor]: On the CPU.

    Raises:
        ValueError: If it is none of these, or reading it would execute code.
    """
    if path.endswith('.safetensors'):
        content = _read_safetensors(path)
    elif is_torch_script(path):
        content = read_torch_script(path)
    else:
        content = load_from_local(path, map_location='cpu')
    if isinstance(content, dict):
        content = content.get('state_dict', content)
    if not isinstance(content, dict) or not content or not all(
            isinstance(value, Tensor) for value in content.values()):
        raise ValueError(
            f'CLIP weights pretrained={path!r} are no weights by name, got a '
            f'{type(content).__name__}; give a state dict of open_clip')
    if all(key.startswith('module.') for key in content):
        content = {key[len('module.'):]: content[key] for key in content}
    return {key: content[key] for key in content if key not in SIZES}


def _read_safetensors(path: str) -> Dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise ValueError(
            f'CLIP weights pretrained={path!r} need safetensors: pip install '
            'safetensors') from None
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(
            f'CLIP weights pretrained={path!r} cannot be read ({error}); the '
            'file may be cut off, copy or download it again') from error


def is_torch_script(path: str) -> bool:
    """Whether a file is a model with code, as OpenAI publishes CLIP.

    Args:
        path (str): The file.

    Returns:
        bool: Also False for a file that is no archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return any(
                Path(name).name == 'constants.pkl'
                for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def read_torch_script(path: str) -> Dict[str, Tensor]:
    """Parameters and buffers of a TorchScript archive; its code stays there.

    ``torch.jit.load`` would compile it and run what it does on loading. The
    archive holds the attributes of all modules as a pickle, and tensors as
    files beside it (torch, ``torch/csrc/jit/serialization/export_module.cpp``
    and ``pickler.cpp``). Modules become plain objects here, and nothing but
    tensors is made of the rest.

    Args:
        path (str): The archive.

    Returns:
        dict[str, Tensor]: By the names of ``state_dict``.

    Raises:
        ValueError: If it refers to anything else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist()
                        if name.count('/') == 1 and name.endswith('/data.pkl'))
            with archive.open(name) as file:
                root = _ModuleReader(file, archive, name.split('/')[0]).load()
    except (pickle.UnpicklingError, zipfile.BadZipFile, EOFError, KeyError,
            StopIteration) as error:
        raise ValueError(
            f'CLIP weights pretrained={path!r} are no TorchScript archive of '
            f'tensors ({str(error) or "cut off"}); download the file '
            'again') from error
    return OrderedDict(_tensors(root, ''))


class _Module:
    """Attributes of a module, set by the unpickler."""


class _ModuleReader(pickle.Unpickler):
    """Makes modules, tensors, lists and numbers, and refuses the rest."""

    def __init__(self, file: Any, archive: zipfile.ZipFile,
                 folder: str) -> None:
        super().__init__(file)
        self._archive = archive
        self._folder = folder

    def find_class(self, module: str, name: str) -> Callable:
        if module.startswith('__torch__'):
            return _Module
        if (module, name) == ('torch._utils', '_rebuild_tensor_v2'):
            return _view
        if (module, name) == ('collections', 'OrderedDict'):
            return OrderedDict
        if module == 'torch.jit._pickle' and name.startswith('build_'):
            return list
        if module == 'torch' and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f'it refers to {module}.{name}')

    def persistent_load(self, pid: Tuple[Any, ...]) -> Tensor:
        _, dtype, key, _, numel = pid
        content = bytearray(
            self._archive.read(f'{self._folder}/data/{key}'))
        return torch.frombuffer(content, dtype=dtype, count=numel)


def _view(storage: Tensor, offset: int, size: Tuple[int, ...],
          stride: Tuple[int, ...], *_: Any) -> Tensor:
    return storage.as_strided(size, stride, offset)


def _tensors(module: Any, prefix: str) -> Iterator[Tuple[str, Tensor]]:
    for name, value in vars(module).items():
        if isinstance(value, Tensor):
            yield prefix + name, value
        elif isinstance(value, _Module):
            yield from _tensors(value, f'{prefix}{name}.')
