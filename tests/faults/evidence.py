"""What a training left behind, compared to the last digit."""
import json
from pathlib import Path
from typing import Any, Dict, Tuple

import torch

from .commands import Unexpected

TIMINGS = ('time', 'data_time', 'memory')
# dates, and the text of the config with its path
RUN_OWN = ('meta.time', 'meta.cfg', 'meta.experiment_name')


def read_log(work_dir: Path) -> Tuple[Dict[int, dict], int]:
    """Losses, learning rates and scores of all parts of a training.

    Args:
        work_dir (Path): Each part has a folder of its own in it.

    Returns:
        tuple[dict[int, dict], int]: What was logged in each iteration (of a
        validation under minus the epoch), and how many iterations were done
        more than once.

    Raises:
        Unexpected: A repeated iteration did not repeat its digits.
    """
    joined: Dict[int, dict] = {}
    num_repeated = 0
    for file in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in file.read_text().splitlines():
            entry = json.loads(line)
            for name in TIMINGS:
                entry.pop(name, None)
            step = entry['step']
            if 'loss' not in entry:
                step = -step
            if step in joined:
                num_repeated += step > 0
                require_equal(joined[step], entry, f'repeated step {step}')
            joined[step] = entry
    return joined, num_repeated


def require_equal(expected: Any, found: Any, name: str) -> None:
    """Raise unless two trees are equal bit by bit.

    Args:
        expected (Any): Nested dicts and lists of tensors and plain values.
        found (Any): Likewise.
        name (str): Of the tree, for the message.

    Raises:
        Unexpected: They differ.
    """
    if any(name.endswith(own) for own in RUN_OWN):
        return
    if type(expected) is not type(found):
        raise Unexpected(f'{name}: {type(found).__name__} instead of '
                         f'{type(expected).__name__}')
    if isinstance(expected, dict):
        if set(expected) != set(found):
            raise Unexpected(f'{name}: different keys '
                             f'{set(expected) ^ set(found)}')
        for key in expected:
            require_equal(expected[key], found[key], f'{name}.{key}')
    elif isinstance(expected, (list, tuple)):
        if len(expected) != len(found):
            raise Unexpected(f'{name}: {len(found)} items instead of '
                             f'{len(expected)}')
        for place, (left, right) in enumerate(zip(expected, found)):
            require_equal(left, right, f'{name}[{place}]')
    elif isinstance(expected, torch.Tensor):
        if not torch.equal(expected, found):
            raise Unexpected(f'{name}: other numbers')
    elif expected != found:
        raise Unexpected(f'{name}: {found!r} instead of {expected!r}')


def load_checkpoint(file: Path) -> dict:
    """All that training goes on from, without the message hub's timings."""
    checkpoint = torch.load(file, weights_only=False)
    hub = checkpoint['message_hub']
    checkpoint['message_hub'] = {
        name: [values.tolist() for values in buffer.data]
        for name, buffer in hub['log_scalars'].items()
        if name.split('/')[-1] not in TIMINGS
    }
    return checkpoint


def require_same_training(straight: Path, faulty: Path,
                          last: str = 'epoch_2.pth') -> int:
    """Raise unless a training ended as if there had been no fault.

    Args:
        straight (Path): Work dir of the undisturbed training.
        faulty (Path): Work dir of the one with the fault.
        last (str): Name of the final checkpoint.

    Returns:
        int: How many iterations were repeated.

    Raises:
        Unexpected: An iteration or the final checkpoint differs.
    """
    expected, _ = read_log(straight)
    found, num_repeated = read_log(faulty)
    if set(expected) != set(found):
        raise Unexpected(f'iterations {sorted(found)} were logged instead of '
                         f'{sorted(expected)}')
    for step, entry in expected.items():
        require_equal(entry, found[step], f'step {step}')
    require_equal(
        load_checkpoint(straight / last), load_checkpoint(faulty / last), last)
    return num_repeated
