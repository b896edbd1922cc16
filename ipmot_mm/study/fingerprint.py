"""Which settings make a training what it is, as a short key."""
import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Dict, Mapping

KEY_LENGTH = 8
TRAINING_KEYS = ('auto_scale_lr', 'custom_hooks', 'data_preprocessor',
                 'default_scope', 'load_from', 'model', 'optim_wrapper',
                 'param_scheduler', 'runner_type', 'train_cfg',
                 'train_dataloader')
"""Keys of a config that decide what weights come out, besides hooks."""
TEST_KEYS = ('test_cfg', 'test_dataloader', 'test_evaluator')
QUIET_HOOKS = ('timer', 'logger', 'checkpoint', 'recovery', 'progress',
               'visualization')
"""Default hooks that leave the weights alone."""
WEIGHTS = ('.pth', '.pt', '.safetensors', '.bin')


def training_settings(cfg: Mapping[str, Any]) -> Dict[str, Any]:
    """What decides the weights of a training, apart from its seed.

    Tests, logs, paths of results and names that a config only uses to build
    others are left out, so that rows of two studies share a training.

    Args:
        cfg (Mapping): Config with all options applied.

    Returns:
        dict: The settings.
    """
    settings = {key: cfg[key] for key in TRAINING_KEYS if cfg.get(key)}
    settings['default_hooks'] = {
        key: value
        for key, value in (cfg.get('default_hooks') or {}).items()
        if key not in QUIET_HOOKS
    }
    settings['randomness'] = {
        key: value
        for key, value in (cfg.get('randomness') or {}).items()
        if key != 'seed'
    }
    return settings


def test_settings(cfg: Mapping[str, Any]) -> Dict[str, Any]:
    """What decides the scores of given weights, apart from the model.

    Args:
        cfg (Mapping): Config with the options of a test applied.

    Returns:
        dict: The settings.
    """
    return {key: cfg[key] for key in TEST_KEYS if cfg.get(key)}


def fingerprint(settings: Any) -> str:
    """Key of settings: the same for the same values in any order of keys.

    A string that is the path of a file of weights counts by the content of
    the file. Another detector to start from makes another key, another place
    for it does not.

    Args:
        settings (Any): Of dicts, sequences and plain values.

    Returns:
        str: Eight hexadecimal digits.
    """
    text = json.dumps(_plain(settings), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]


def file_digest(path: str) -> str:
    """SHA-256 of a file, read once for each of its states.

    Args:
        path (str): The file.

    Returns:
        str: In hexadecimal digits.
    """
    state = os.stat(path)
    return _digest(path, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=None)
def _digest(path: str, modified: int, size: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _plain(value: Any) -> Any:
    """As JSON has it; tuples are lists, what it does not know is its name."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        is_file = value.endswith(WEIGHTS) and os.path.isfile(value)
        return f'sha256:{file_digest(value)}' if is_file else value
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return repr(value)
