"""From which checkpoint a training goes on."""
import os.path as osp
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Set, Tuple

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.runner import BaseLoop, Runner

from ipmot_mm.compat.checkpoint import load_from_local
from ipmot_mm.user_errors import CommandError

from .checkpoint_files import read_pointer

_WRITTEN_BY_TRAINING = re.compile(r'(epoch|iter)_\d+\.pth|recovery\.pth')
_NEEDED = ('meta', 'state_dict', 'message_hub')


@dataclass(frozen=True)
class TrainingState:
    """Where the training of a checkpoint stood.

    Attributes:
        epoch (int): Finished epochs.
        iter (int): Finished iterations.
        has_optimizer (bool): Whether the optimiser can go on as well.
    """
    epoch: int
    iter: int
    has_optimizer: bool


@dataclass(frozen=True)
class Choice:
    """What was found for ``--resume``.

    Attributes:
        path (str, optional): The checkpoint; None to start anew.
        state (:obj:`TrainingState`, optional): What it holds; None where it
            is not looked into, such as an address.
        notes (tuple[str]): A line about each file that was passed over.
    """
    path: Optional[str] = None
    state: Optional[TrainingState] = None
    notes: Tuple[str, ...] = ()


def choose_start(runner: Runner, start_from: Optional[str] = None) -> bool:
    """Settle what the runner will load, the same on all ranks.

    Only the first rank looks at the files. Without a checkpoint in the work
    dir the training starts from the beginning.

    Args:
        runner (:obj:`Runner`): About to train.
        start_from (str, optional): Weights for a start from the beginning.
            Defaults to None.

    Returns:
        bool: False where the training is over already.

    Raises:
        CommandError: On all ranks, if no checkpoint can be read although
            there are some.
    """
    if not runner._resume:
        return True
    found: List[object] = [None]
    if is_main_process():
        try:
            found = [_choose(runner)]
        except CommandError as error:
            found = [str(error)]
    broadcast_object_list(found)
    choice = found[0]
    if not isinstance(choice, Choice):
        raise CommandError(str(choice))
    for note in choice.notes:
        runner.logger.warning(note)
    if choice.path is None:
        runner._resume, runner._load_from = False, start_from
        weights = f' with the weights of {start_from}' if start_from else ''
        runner.logger.info(
            f'--resume: no checkpoint in {runner.work_dir}, the training '
            f'starts from the beginning{weights}')
        return True
    runner._load_from = choice.path
    return choice.state is None or _is_unfinished(runner, choice)


def _choose(runner: Runner) -> Choice:
    if runner._load_from is None:
        return find_latest(runner.work_dir)
    return check_given(runner._load_from)


def _is_unfinished(runner: Runner, choice: Choice) -> bool:
    state = choice.state
    assert state is not None
    done, unit = state.epoch, 'epochs'
    if _limit(runner, 'max_epochs') is None:
        done, unit = state.iter, 'iters'
    total = _limit(runner, f'max_{unit}')
    if total is not None and done >= total:
        runner.logger.info(
            f'--resume: {choice.path} holds {done} of {total} {unit}, the '
            'training is over and nothing is left to do; raise '
            f'train_cfg.max_{unit} to train longer{_validation(runner)}')
        return False
    if not state.has_optimizer:
        runner.logger.warning(
            f'{choice.path} has no state of the optimiser, which begins anew')
    runner.logger.info(f'--resume: going on from {choice.path} (epoch '
                       f'{state.epoch}, iteration {state.iter})')
    return True


def _validation(runner: Runner) -> str:
    """The last one may have been cut short, which no checkpoint tells."""
    if runner._val_loop is None:
        return ''
    return (', or score this checkpoint with tools/test.py and --val if the '
            'last validation was interrupted')


def find_latest(folder: str) -> Choice:
    """The newest checkpoint of a training that can be read.

    The one that ``last_checkpoint`` names comes first; it need not be the
    furthest, where a user went back. A path in it that a moved or copied
    folder has made wrong is looked for in the folder itself.

    Args:
        folder (str): The work dir.

    Returns:
        :obj:`Choice`: Without a path, if there is no checkpoint.

    Raises:
        CommandError: There are some, and none can be read.
    """
    notes: List[str] = []
    pointer = read_pointer(folder)
    latest = pointer and _resolve(pointer, folder)
    if pointer and latest is None:
        notes.append(f'passing over: {pointer}, which last_checkpoint names, '
                     f'is not in {folder}')
    if latest and osp.isdir(latest):  # of deepspeed
        return Choice(latest)
    if latest:
        try:
            return Choice(latest, read_state(latest))
        except (ValueError, OSError) as error:
            notes.append(f'passing over: {error}')
    # a hook with an out_dir writes its files outside of the work dir
    places = {folder, osp.dirname(latest or '') or folder}
    found, broken = _find_furthest(places, skip=latest)
    notes.extend(f'passing over: {reason}' for reason in broken)
    if found is not None:
        return Choice(*found, tuple(notes))
    if notes:
        raise CommandError(
            f'--resume: no checkpoint in {folder} can be gone on from; '
            f'{"; ".join(notes)}. Remove the files to start anew, or give '
            'an intact one with --resume CHECKPOINT')
    return Choice()


def check_given(path: str) -> Choice:
    """A checkpoint that the user named, if a training can go on from it.

    Args:
        path (str): A file. An address is not looked up here.

    Returns:
        :obj:`Choice`: That file.

    Raises:
        CommandError: It cannot be read; the message names the newest one
            beside it that can.
    """
    if '://' in path or osp.isdir(path):
        return Choice(path)
    path = osp.expanduser(path)
    try:
        return Choice(path, read_state(path))
    except (ValueError, OSError) as error:
        found, _ = _find_furthest({osp.dirname(path) or '.'}, skip=path)
        hint = ('no other checkpoint beside it is intact' if found is None else
                f'the newest intact one beside it: --resume {found[0]}')
        raise CommandError(f'--resume: {error}; {hint}') from error


def read_state(path: str) -> TrainingState:
    """Check that a checkpoint is whole and can be gone on from.

    Its tensors are compared with their checksums, but not loaded; its code,
    if it has any, is not executed.

    Args:
        path (str): The file.

    Returns:
        :obj:`TrainingState`: Where its training stood.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, would execute code, or is not of a
            training.
    """
    state = _read_meta(path)
    _compare_checksums(path)
    return state


def _read_meta(path: str) -> TrainingState:
    """Cheap, as tensors are not read from a file of today's format."""
    checkpoint = load_from_local(
        path, map_location='cpu', mmap=osp.isfile(path) and _is_zip(path))
    is_dict = isinstance(checkpoint, dict)
    missing = [key for key in _NEEDED if not is_dict or key not in checkpoint]
    if not missing:
        try:
            meta = checkpoint['meta']
            return TrainingState(
                int(meta['epoch']), int(meta['iter']), 'optimizer'
                in checkpoint)
        except (LookupError, TypeError, ValueError):
            missing = ['epoch and iteration']
    raise ValueError(f'{path} is not a checkpoint of a training, it has no '
                     f'{", ".join(missing)}; to start from its weights, use '
                     f'--cfg-options load_from={path}')


def _is_zip(path: str) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:  # raised for some damage by Python itself
        return False


def _compare_checksums(path: str) -> None:
    """torch does not look at them. Its older format has none."""
    if not _is_zip(path):
        return
    try:
        with zipfile.ZipFile(path) as file:
            name = file.testzip()
            damage = name and f'{name} in it is damaged'
    except Exception as error:  # of any kind, if its directory is damaged
        damage = str(error)
    if damage:
        raise ValueError(f'checkpoint cannot be read: {path} ({damage}); '
                         'copy or download it again')


def _find_furthest(
    folders: Set[str], skip: Optional[str]
) -> Tuple[Optional[Tuple[str, TrainingState]], List[str]]:
    """The intact checkpoint with the most iterations, and what is wrong with
    those that were looked at before it."""
    found, broken = [], []
    for folder in sorted(folders):
        for file in sorted(Path(folder).glob('*.pth')):
            if not _WRITTEN_BY_TRAINING.fullmatch(file.name) or (
                    skip and osp.abspath(skip) == osp.abspath(file)):
                continue
            try:
                found.append((str(file), _read_meta(str(file))))
            except (ValueError, OSError) as error:
                broken.append(str(error))
    found.sort(key=lambda item: (item[1].epoch, item[1].iter), reverse=True)
    for path, state in found:
        try:
            _compare_checksums(path)
            return (path, state), broken
        except ValueError as error:
            broken.append(str(error))
    return None, broken


def _resolve(pointer: str, folder: str) -> Optional[str]:
    """A named checkpoint, in the folder itself before any other place.

    A copied folder still names a file of the original one; it is not taken
    where the copy has checkpoints of its own.
    """
    name = pointer.replace('\\', '/').rstrip('/').rsplit('/', 1)[-1]
    inside = osp.join(folder, name)
    if osp.exists(inside):
        return inside
    has_own = any(
        _WRITTEN_BY_TRAINING.fullmatch(file.name)
        for file in Path(folder).glob('*.pth'))
    return pointer if osp.exists(pointer) and not has_own else None


def _limit(runner: Runner, name: str) -> Optional[int]:
    loop = runner._train_loop
    if isinstance(loop, BaseLoop):
        return getattr(loop, name, None)
    return (loop or {}).get(name)
