"""One video on disk in the layout of MOTChallenge."""
import configparser
import fnmatch
import os
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

from mmengine.logging import print_log

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
    """
    name: str
    image_dir: str
    image_names: Tuple[str, ...]
    gt_path: str

    def __len__(self) -> int:
        return len(self.image_names)


def find_sequences(data_root: str, patterns: Sequence[str]) -> List[str]:
    """Folders of the sequences in a data set, sorted by name.

    Args:
        data_root (str): Folder with one folder for each sequence.
        patterns (Sequence[str]): Names to take, with shell wild cards, such
            as ``('*-SDP', )``.

    Returns:
        list[str]: Paths.

    Raises:
        FileNotFoundError: If the folder is absent or nothing matches.
    """
    if not os.path.isdir(data_root):
        raise FileNotFoundError(
            f'data_root "{data_root}" is not a folder. Put the data there, or '
            'say where it is: the environment variable IPMOT_DATA names the '
            'folder that holds all data sets (IPMOT_SYNTHMOT that of '
            'SynthMOT), and --cfg-options with the key data_root of this '
            'dataset names one.')
    names = sorted(
        entry.name for entry in os.scandir(data_root)
        if entry.is_dir() and not entry.name.startswith('.'))
    chosen = [
        name for name in names if any(
            fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    ]
    if not chosen:
        raise FileNotFoundError(
            f'No sequence in "{data_root}" matches sequences={list(patterns)}'
            f', found {_some(names) or "no folder at all"}. Correct sequences '
            'or data_root.')
    return [os.path.join(data_root, name) for name in chosen]


def read_sequence(folder: str, *, with_gt: bool) -> MOTSequence:
    """Read ``seqinfo.ini`` and look for the frames it promises.

    Args:
        folder (str): The sequence.
        with_gt (bool): Whether ``gt/gt.txt`` must be there.

    Returns:
        :obj:`MOTSequence`: What was found.

    Raises:
        FileNotFoundError: If ``seqinfo.ini``, ``gt.txt`` or a frame is
            missing.
        ValueError: If ``seqinfo.ini`` does not say what it has to.
    """
    info = _read_info(os.path.join(folder, 'seqinfo.ini'), folder)
    image_dir = os.path.join(folder, info['imdir'])
    found = _list_frames(image_dir, info['imext'])
    length = int(info['seqlength'])
    missing = [
        number for number in range(1, length + 1) if number not in found
    ]
    if missing:
        raise FileNotFoundError(
            f'"{image_dir}" has no {info["imext"]} file for '
            f'{_some(missing)} of the {length} frames that seqinfo.ini '
            'promises. Copy the missing frames, or correct seqLength.')
    if len(found) > length:
        print_log(
            f'"{image_dir}" has {len(found)} frames, but seqLength in '
            f'seqinfo.ini is {length}: the rest is not used.',
            logger='current',
            level=30)
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
        image_names=tuple(found[number] for number in range(1, length + 1)),
        gt_path=gt_path)


def _read_info(path: str, folder: str) -> Dict[str, str]:
    """Keys of the section [Sequence] in lower case, defaults filled in."""
    if not os.path.isfile(path):
        images = _list_frames(os.path.join(folder, 'img1'), '.jpg')
        raise FileNotFoundError(
            f'"{path}" is missing. Write it with the lines "[Sequence]", '
            f'"imDir=img1", "seqLength={len(images) or "<frames>"}", '
            '"imWidth=<pixels>", "imHeight=<pixels>", "imExt=.jpg", '
            '"frameRate=<frames a second>".')
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding='utf-8-sig')
        info = dict(parser['Sequence'])
        valid = int(info['seqlength']) > 0
    except (configparser.Error, KeyError, ValueError):
        valid = False
    if not valid:
        raise ValueError(
            f'"{path}" must have a section [Sequence] with a whole positive '
            'seqLength, such as "seqLength=600". Correct the file.')
    return {'imdir': 'img1', 'imext': '.jpg', **info}


def _list_frames(image_dir: str, extension: str) -> Dict[int, str]:
    """File name of each frame number, of any number of digits."""
    if not os.path.isdir(image_dir):
        return {}
    stems = (os.path.splitext(name) for name in os.listdir(image_dir))
    return {
        int(stem): stem + ending
        for stem, ending in stems
        if stem.isdigit() and ending.lower() == extension.lower()
    }


def _some(items: Sequence[object]) -> str:
    """The first few items, and how many more there are."""
    text = ', '.join(map(str, items[:NUM_NAMED]))
    rest = len(items) - NUM_NAMED
    return f'{text} and {rest} more' if rest > 0 else text
