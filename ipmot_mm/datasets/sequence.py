"""One video on disk in the layout of MOTChallenge."""
import configparser
import fnmatch
import os
from dataclasses import dataclass
from itertools import count, islice
from typing import Dict, List, Optional, Sequence, Tuple

from mmengine.logging import print_log

IMAGE_DIR = 'img1'
IMAGE_EXTENSIONS = ('.jpg', '.jpeg', '.png', '.bmp')
"""What counts as a frame where no ``seqinfo.ini`` says so, in any case."""

SEQMAP_HEADER = 'name'
"""First line of the seqmaps of MOTChallenge, TrackEval and DanceTrack; the
``splits_txt`` of SportsMOT have none."""

HALVES = (None, 'train', 'val')
"""Parts of a sequence, see :func:`span_of_half`."""

NUM_NAMED = 5
"""How many names a message lists before it says how many more there are."""


@dataclass(frozen=True)
class MOTSequence:
    """Folder ``<name>/{img1/, gt/gt.txt, seqinfo.ini}``.

    Attributes:
        name (str): Name of the folder, which is what TrackEval and the test
            servers call the sequence.
        image_dir (str): Folder of the frames.
        image_names (tuple[str]): File name of every frame in order; the first
            one is frame 1.
        gt_path (str): Ground truth, empty where there is none (test sets).
        has_seqinfo (bool): Whether ``seqinfo.ini`` promised these frames;
            else they are all that were found.
    """
    name: str
    image_dir: str
    image_names: Tuple[str, ...]
    gt_path: str
    has_seqinfo: bool

    def __len__(self) -> int:
        return len(self.image_names)


def find_sequences(data_root: str,
                   patterns: Sequence[str],
                   seqmap: Optional[str] = None) -> List[str]:
    """Folders of the sequences in a data set, sorted by name.

    Args:
        data_root (str): Folder with one folder for each sequence.
        patterns (Sequence[str]): Names to take, with shell wild cards, such
            as ``('*-SDP', )``.
        seqmap (str, optional): File that lists the names to choose from, see
            :func:`read_seqmap`. Defaults to None, for all folders.

    Returns:
        list[str]: Paths.

    Raises:
        FileNotFoundError: If the folder or the seqmap is absent, a sequence
            of the seqmap is missing, or nothing matches.
        ValueError: If the seqmap is malformed.
    """
    if not os.path.isdir(data_root):
        raise FileNotFoundError(
            f'data_root "{data_root}" is not a folder. Put the data there, or '
            'say where it is: the environment variable IPMOT_DATA names the '
            'folder that holds all data sets (IPMOT_SYNTHMOT that of '
            'SynthMOT), and --cfg-options with the key data_root of this '
            'dataset names one.')
    present = sorted(
        entry.name for entry in os.scandir(data_root)
        if entry.is_dir() and not entry.name.startswith('.'))
    lines = {} if seqmap is None else read_seqmap(seqmap)
    names = present if seqmap is None else sorted(lines)
    chosen = [
        name for name in names if any(
            fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    ]
    if not chosen:
        source = seqmap or data_root
        raise FileNotFoundError(
            f'No sequence in "{source}" matches sequences={list(patterns)}'
            f', found {_some(names) or "no folder at all"}. Correct sequences '
            f'or {"seqmap" if seqmap else "data_root"}.')
    missing = sorted(set(chosen) - set(present), key=lines.__getitem__)
    if missing:
        raise FileNotFoundError(
            f'"{seqmap}", line {lines[missing[0]]}: "{data_root}" has no '
            f'folder {missing[0][:80]!r} ({len(missing)} of the {len(chosen)} '
            f'sequences are missing), found {_some(present) or "none"}. '
            'Unpack all parts of the data set, or correct data_root.')
    return [os.path.join(data_root, name) for name in chosen]


def read_seqmap(path: str) -> Dict[str, int]:
    """Read a list of sequences, one name a line.

    Windows line ends, a byte order mark, blank lines, and the header
    ``name`` of MOTChallenge are read right.

    Args:
        path (str): Such as ``MOT17-train.txt``, ``val_seqmap.txt`` of
            DanceTrack, or ``splits_txt/val.txt`` of SportsMOT.

    Returns:
        dict[str, int]: Line number, 1-based, of each name, in the order of
        the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it lists nothing, or a name twice. The message names
            file and line.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f'seqmap "{path}" is missing, expected a text file with the name '
            'of one sequence a line. Correct the path, or set seqmap=None to '
            'take the sequences by their folders.')
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        rows = [(number, line.strip())
                for number, line in enumerate(file, start=1) if line.strip()]
    if rows and rows[0][1] == SEQMAP_HEADER:
        rows = rows[1:]
    if not rows:
        raise ValueError(f'seqmap "{path}" lists no sequence, expected one '
                         'name a line. Copy the file again.')
    lines: Dict[str, int] = {}
    for number, name in rows:
        first = lines.setdefault(name, number)
        if first != number:
            raise ValueError(
                f'seqmap "{path}", line {number}: {name!r} is listed a second '
                f'time (first in line {first}). Remove one of the lines.')
    return lines


def read_sequence(folder: str, *, with_gt: bool) -> MOTSequence:
    """Find the frames that ``seqinfo.ini`` promises, or else all frames.

    Without that file, as 2DMOT2015 and custom data come, the frames are the
    images in ``img1``, or in the folder itself, whose names are numbers.

    Args:
        folder (str): The sequence.
        with_gt (bool): Whether ``gt/gt.txt`` must be there.

    Returns:
        :obj:`MOTSequence`: What was found.

    Raises:
        FileNotFoundError: If ``gt.txt`` or a frame is missing, or there is
            neither ``seqinfo.ini`` nor a frame.
        ValueError: If ``seqinfo.ini`` does not say what it has to, frames
            without it are not numbered 1, 2, 3, and so on, or two files have
            the same number.
    """
    info = _read_info(folder)
    if info is None:
        image_dir, image_names = _infer_frames(folder)
    else:
        image_dir = os.path.join(folder, info['imdir'])
        image_names = _promised_frames(image_dir, info)
    gt_path = os.path.join(folder, 'gt', 'gt.txt')
    if not os.path.isfile(gt_path):
        if with_gt:
            raise FileNotFoundError(
                f'"{gt_path}" is missing, but the dataset is used for '
                'training. Put the annotations there, or leave the sequence '
                'out with the key sequences.')
        gt_path = ''
    return MOTSequence(
        name=os.path.basename(os.path.normpath(folder)),
        image_dir=image_dir,
        image_names=image_names,
        gt_path=gt_path,
        has_seqinfo=info is not None)


def read_sequence_length(folder: str) -> int:
    """Frames of a sequence, for whom the images themselves do not matter.

    Args:
        folder (str): The sequence.

    Returns:
        int: ``seqLength`` of ``seqinfo.ini``, whether the frames are there or
        not; without that file, the number of frames.

    Raises:
        FileNotFoundError: If there is neither ``seqinfo.ini`` nor a frame.
        ValueError: As of :func:`read_sequence`.
    """
    info = _read_info(folder)
    if info is None:
        return len(_infer_frames(folder)[1])
    return int(info['seqlength'])


def span_of_half(length: int, half: Optional[str]) -> Tuple[int, int]:
    """Frames of a part of a sequence.

    The halves are those of FairMOT, ByteTrack and mmdet's ``mot2coco.py``:
    the first N // 2 + 1 of N frames train, the others validate.

    Args:
        length (int): Frames N of the whole sequence.
        half (str, optional): One of ``HALVES``; None is the whole.

    Returns:
        tuple[int, int]: First frame and the one after the last, 0-based.
    """
    middle = min(length // 2 + 1, length)
    return {
        None: (0, length),
        'train': (0, middle),
        'val': (middle, length)
    }[half]


def _read_info(folder: str) -> Optional[Dict[str, str]]:
    """Keys of the section [Sequence] in lower case, defaults filled in.

    None if there is no ``seqinfo.ini``.
    """
    path = os.path.join(folder, 'seqinfo.ini')
    if not os.path.isfile(path):
        return None
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(path, encoding='utf-8-sig') as file:
            parser.read_file(file)
        info = {'imdir': IMAGE_DIR, 'imext': '.jpg', **parser['Sequence']}
        length = info['seqlength']
        # int() alone takes 1_0 and digits of other scripts.
        valid = length.isascii() and length.isdigit() and int(length) > 0
    except (configparser.Error, KeyError, ValueError):
        valid = False
    if not valid:
        raise ValueError(
            f'"{path}" must have a section [Sequence] with a whole positive '
            'seqLength, such as "seqLength=600". Correct the file, or remove '
            'it to take all frames.')
    if not info['imext'].startswith('.'):
        info['imext'] = f'.{info["imext"]}'
    return info


def _promised_frames(image_dir: str, info: Dict[str, str]) -> Tuple[str, ...]:
    """File names of the frames 1 to ``seqLength``."""
    found = _list_frames(image_dir, (info['imext'].lower(), ))
    length = int(info['seqlength'])
    num_missing = length - sum(1 <= number <= length for number in found)
    if num_missing:
        absent = (number for number in count(1) if number not in found)
        gap = _some([*islice(absent, NUM_NAMED)], num_missing)
        raise FileNotFoundError(
            f'"{image_dir}" has no {info["imext"]} file for {gap} of the '
            f'{length} frames that seqinfo.ini promises. '
            f'{_advice(found) or "Copy the missing frames"}, or correct '
            'seqLength.')
    if len(found) > length:
        print_log(
            f'"{image_dir}" has {len(found)} frames, but seqLength in '
            f'seqinfo.ini is {length}: the rest is not used.',
            logger='current',
            level=30)
    return tuple(found[number] for number in range(1, length + 1))


def _infer_frames(folder: str) -> Tuple[str, Tuple[str, ...]]:
    """Folder and file names of all frames, numbered without a hole."""
    image_dir = os.path.join(folder, IMAGE_DIR)
    if not os.path.isdir(image_dir):
        image_dir = folder
    found = _list_frames(image_dir, IMAGE_EXTENSIONS)
    if not found:
        raise FileNotFoundError(
            f'"{folder}" has no seqinfo.ini, and "{image_dir}" has no image '
            f'({", ".join(IMAGE_EXTENSIONS)}) whose name is a number, such '
            f'as 000001.jpg. Put the frames in "{folder}/{IMAGE_DIR}", or '
            'leave the folder out with the key sequences.')
    length = max(found)
    if 0 in found or length > len(found):
        absent = (number for number in count(1) if number not in found)
        gap = _some([*islice(absent, NUM_NAMED)], length - len(found))
        raise ValueError(
            f'"{image_dir}" has '
            f'{"a frame 0" if 0 in found else f"no frame {gap}"}, but without '
            f'a seqinfo.ini the frames must be numbered from 1 on without a '
            f'hole (the last one is {length}). '
            f'{_advice(found) or "Copy the missing frames"}, and let gt.txt '
            'count alike.')
    return image_dir, tuple(found[number] for number in range(1, length + 1))


def _list_frames(image_dir: str, extensions: Sequence[str]) -> Dict[int, str]:
    """File name of each frame number, of any number of digits."""
    found: Dict[int, str] = {}
    if not os.path.isdir(image_dir):
        return found
    for name in sorted(os.listdir(image_dir)):
        stem, extension = os.path.splitext(name)
        # '²'.isdigit() is true, but int('²') fails.
        if (extension.lower() not in extensions or not stem.isascii()
                or not stem.isdigit()):
            continue
        other = found.setdefault(int(stem), name)
        if other != name:
            raise ValueError(
                f'"{image_dir}" has two files for frame {int(stem)}: {other} '
                f'and {name}. Remove one of them.')
    return found


def _advice(found: Dict[int, str]) -> str:
    """What to do about frames that count from 0; nothing otherwise."""
    return ('The frames count from 0: rename them to count from 1, the last '
            'one first' if 0 in found else '')


def _some(items: Sequence[object], total: Optional[int] = None) -> str:
    """The first few of ``total`` items, and how many more there are."""
    total = len(items) if total is None else total
    items = items[:min(total, NUM_NAMED)]
    text = ', '.join(map(str, items))
    rest = total - len(items)
    return f'{text} and {rest} more' if rest else text
