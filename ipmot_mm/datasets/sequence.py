"""One video on disk in the layout of MOTChallenge."""
import configparser
import fnmatch
import os
from dataclasses import dataclass
from itertools import count, islice
from typing import Dict, List, Optional, Sequence, Tuple

from mmengine.logging import print_log

from ipmot_mm.user_errors import some

from .folder_depth import IMAGE_DIR, refuse_other_depth

IMAGE_EXTENSIONS = ('.jpg', '.jpeg', '.png', '.bmp')
"""What counts as a frame where no ``seqinfo.ini`` says so, in any case."""

SEQMAP_HEADER = 'name'
"""First line of the seqmaps of MOTChallenge, TrackEval and DanceTrack; the
``splits_txt`` of SportsMOT have none."""

HALVES = (None, 'train', 'val')
"""Parts of a sequence, see :func:`span_of_half`."""

NUM_NAMED = 5
"""How many names a message lists before it says how many more there are."""

MAX_DIGITS = 100  # Python refuses to read thousands
SeqInfo = Dict[str, str]
"""Keys of the section [Sequence] in lower case, and what they say."""


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
        FileNotFoundError: If the folder or the seqmap is absent, or a
            sequence; if nothing matches, or the folder is too high or low.
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
    refuse_other_depth(data_root, present)
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
            f', found {some(names, NUM_NAMED) or "no folder at all"}. '
            f'Correct sequences or {"seqmap" if seqmap else "data_root"}.')
    missing = sorted(set(chosen) - set(present), key=lines.__getitem__)
    if missing:
        raise FileNotFoundError(
            f'"{seqmap}", line {lines[missing[0]]}: "{data_root}" has no '
            f'folder {missing[0][:80]!r} ({len(missing)} of the {len(chosen)} '
            'sequences are missing), found '
            f'{some(present, NUM_NAMED) or "none"}. Unpack all parts of the '
            'data set, or correct data_root.')
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
    info = read_seqinfo(folder)
    image_names = find_frames(folder, info)
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
        image_dir=find_image_dir(folder, info),
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
    info = read_seqinfo(folder)
    if info is None:
        return len(find_frames(folder, None))
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


def read_seqinfo(folder: str) -> Optional[SeqInfo]:
    """Read ``seqinfo.ini``.

    Args:
        folder (str): The sequence.

    Returns:
        dict[str, str], optional: ``seqlength`` is a whole positive number;
        ``imdir`` and ``imext`` (with its dot) are filled in where absent.
        None if there is no such file.

    Raises:
        ValueError: If the file does not say what it has to.
    """
    path = os.path.join(folder, 'seqinfo.ini')
    if not os.path.isfile(path):
        return None
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(path, encoding='utf-8-sig', errors='replace') as file:
            parser.read_file(file)
        info = {'imdir': IMAGE_DIR, 'imext': '.jpg', **parser['Sequence']}
        valid = positive_number(info['seqlength']) > 0
    except (configparser.Error, KeyError):
        valid = False
    if not valid:
        raise ValueError(
            f'"{path}" must have a section [Sequence] with a whole positive '
            'seqLength, such as "seqLength=600". Correct the file, or remove '
            'it to take all frames.')
    if not info['imext'].startswith('.'):
        info['imext'] = f'.{info["imext"]}'
    return info


def positive_number(text: str) -> int:
    """A number of ``seqinfo.ini``.

    Args:
        text (str): What the file says.

    Returns:
        int: 0 if that is no whole positive number.
    """
    # int() alone takes 1_0 and digits of other scripts.
    valid = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    return int(text) if valid else 0


def find_image_dir(folder: str, info: Optional[SeqInfo]) -> str:
    """Folder of the frames.

    Args:
        folder (str): The sequence.
        info (dict[str, str], optional): Of :func:`read_seqinfo`.

    Returns:
        str: As ``seqinfo.ini`` says; else ``img1``, or the sequence itself.
    """
    image_dir = os.path.join(folder, info['imdir'] if info else IMAGE_DIR)
    return image_dir if info or os.path.isdir(image_dir) else folder


def list_frames(image_dir: str,
                info: Optional[SeqInfo]) -> Dict[int, List[str]]:
    """All files that could be a frame.

    Args:
        image_dir (str): The folder; may be absent.
        info (dict[str, str], optional): Of :func:`read_seqinfo`.

    Returns:
        dict[int, list[str]]: Files of each number, of any number of digits.
    """
    extensions = IMAGE_EXTENSIONS if info is None else (
        info['imext'].lower(), )
    found: Dict[int, List[str]] = {}
    names = os.listdir(image_dir) if os.path.isdir(image_dir) else []
    for name in sorted(names):
        stem, extension = os.path.splitext(name)
        # '²'.isdigit() is true, but int('²') fails.
        if (extension.lower() in extensions and stem.isascii()
                and stem.isdigit()):
            found.setdefault(int(stem), []).append(name)
    return found


def find_frames(folder: str, info: Optional[SeqInfo]) -> Tuple[str, ...]:
    """Find the frames that ``seqinfo.ini`` promises, or else all frames.

    Args:
        folder (str): The sequence.
        info (dict[str, str], optional): Of :func:`read_seqinfo`.

    Returns:
        tuple[str]: File name of every frame in order.

    Raises:
        FileNotFoundError: If a frame is missing.
        ValueError: If frames without ``seqinfo.ini`` are not numbered 1, 2,
            3, and so on, or two files have the same number.
    """
    image_dir = find_image_dir(folder, info)
    found = {}
    for number, names in list_frames(image_dir, info).items():
        if len(names) > 1:
            raise ValueError(
                f'"{image_dir}" has two files for frame {number}: {names[0]} '
                f'and {names[1]}. Remove one of them.')
        found[number], = names
    if info is None:
        _check_inferred(folder, image_dir, found)
    else:
        _check_promised(image_dir, found, info)
    length = len(found) if info is None else int(info['seqlength'])
    return tuple(found[number] for number in range(1, length + 1))


def _check_promised(image_dir: str, found: Dict[int, str],
                    info: SeqInfo) -> None:
    """Frames 1 to ``seqLength`` must be there."""
    length = int(info['seqlength'])
    num_missing = length - sum(1 <= number <= length for number in found)
    if num_missing:
        raise FileNotFoundError(
            f'"{image_dir}" has no {info["imext"]} file for '
            f'{_name_absent(found, num_missing)} of the {length} frames that '
            'seqinfo.ini promises. '
            f'{_advice(found) or "Copy the missing frames"}, or correct '
            'seqLength.')
    if len(found) > length:
        print_log(
            f'"{image_dir}" has {len(found)} frames, but seqLength in '
            f'seqinfo.ini is {length}: the rest is not used.',
            logger='current',
            level=30)


def _check_inferred(folder: str, image_dir: str,
                    found: Dict[int, str]) -> None:
    """Frames must be numbered from 1 on without a hole."""
    if not found:
        raise FileNotFoundError(
            f'"{folder}" has no seqinfo.ini, and "{image_dir}" has no image '
            f'({", ".join(IMAGE_EXTENSIONS)}) whose name is a number, such '
            f'as 000001.jpg. Put the frames in "{folder}/{IMAGE_DIR}", or '
            'leave the folder out with the key sequences.')
    length = max(found)
    if 0 in found or length > len(found):
        wrong = ('a frame 0' if 0 in found else 'no frame ' +
                 _name_absent(found, length - len(found)))
        raise ValueError(
            f'"{image_dir}" has {wrong}, but without a seqinfo.ini the frames '
            f'must be numbered from 1 on without a hole (the last one is '
            f'{length}). {_advice(found) or "Copy the missing frames"}, and '
            'let gt.txt count alike.')


def _name_absent(found: Dict[int, str], num_missing: int) -> str:
    """The first missing frames; there may be too many to count them up."""
    absent = (number for number in count(1) if number not in found)
    named = islice(absent, min(num_missing, NUM_NAMED))
    return some(named, NUM_NAMED, num_missing)


def _advice(found: Dict[int, str]) -> str:
    """What to do about frames that count from 0; nothing otherwise."""
    return ('The frames count from 0: rename them to count from 1, the last '
            'one first' if 0 in found else '')
