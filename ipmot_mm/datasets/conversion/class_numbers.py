"""Class numbers of gt.txt for the class names of other formats."""
import argparse
import json
from pathlib import Path
from typing import Dict, Iterable, Tuple

from mmengine.logging import print_log

CLASSES_FILE = 'classes.json'

MOT_CLASSES = {
    'pedestrian': 1, 'person': 1, 'person_on_vehicle': 2, 'car': 3,
    'bicycle': 4, 'motorbike': 5, 'non_mot_vehicle': 6,
    'non_motorized_vehicle': 6, 'static_person': 7, 'distractor': 8,
    'occluder': 9, 'occluder_on_ground': 10, 'occluder_on_the_ground': 10,
    'occluder_full': 11, 'reflection': 12, 'crowd': 13
}  # yapf: disable
"""Class numbers of MOTChallenge, in the spellings of mmdet
(``mmdet/datasets/mot_challenge_dataset.py``) and datumaro
(``datumaro/plugins/mot_format.py``)."""


def add_class_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--class-numbers``, see :func:`number_classes`."""
    parser.add_argument(
        '--class-numbers',
        nargs='+',
        default=[],
        metavar='NAME=NUMBER',
        help='class numbers for gt.txt; default: pedestrian or person is 1, '
        'other names of MOTChallenge keep their number, the rest follows '
        f'from {max(MOT_CLASSES.values()) + 1}')


def number_classes(names: Iterable[str],
                   args: argparse.Namespace) -> Dict[str, int]:
    """Give class names the numbers of gt.txt.

    Names in ``classes.json`` in the output folder keep their number, then
    ``--class-numbers`` decides, then the names of MOTChallenge; the only
    class there is gets 1, others follow after the last MOTChallenge number.

    Args:
        names (Iterable[str]): Names that occur.
        args (Namespace): Arguments of the command.

    Returns:
        dict[str, int]: Number of each name, also of those in the file.

    Raises:
        ValueError: If the file or an argument is malformed, they contradict
            each other, or two names have one number.
    """
    path = Path(args.out) / CLASSES_FILE
    known = _read_classes(path) if path.is_file() else {}
    chosen = dict(map(_parse_class, args.class_numbers))
    names = list(dict.fromkeys(names))
    for name, number in chosen.items():
        if known.get(name, number) != number:
            raise ValueError(
                f'--class-numbers {name}={number}: it is {known[name]} in '
                f'"{path}" for the sequences that are there. Choose another '
                'output folder, or remove the file if none is left.')
    numbers = {**known, **chosen}
    if len(names) == 1 and not numbers:
        numbers = {names[0]: 1}
    for name in names:
        official = MOT_CLASSES.get(name.lower().replace(' ', '_'))
        after = max([*numbers.values(), *MOT_CLASSES.values()]) + 1
        numbers.setdefault(name, official or after)
    repeated = [
        name for name in numbers
        if list(numbers.values()).count(numbers[name]) > 1
    ]
    if repeated:
        raise ValueError(
            f'the classes {repeated} have the same number '
            f'{numbers[repeated[0]]}; tell them apart with --class-numbers '
            f'{repeated[0]}=NUMBER')
    return numbers


def save_classes(numbers: Dict[str, int], args: argparse.Namespace) -> None:
    """Write ``<out>/classes.json``, and show it.

    Args:
        numbers (dict[str, int]): From :func:`number_classes`.
        args (Namespace): Arguments of the command.
    """
    path = Path(args.out) / CLASSES_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(numbers, indent=1) + '\n', encoding='utf-8')
    print_log(f'class numbers, kept in {path}: ' +
              ', '.join(f'{name} = {number}'
                        for name, number in numbers.items()))


def _read_classes(path: Path) -> Dict[str, int]:
    try:
        known = json.loads(path.read_text(encoding='utf-8-sig'))
    except ValueError:
        known = None
    if not isinstance(known, dict) or not all(
            isinstance(number, int) for number in known.values()):
        raise ValueError(
            f'"{path}" must be a json object with the number of each class in '
            'gt.txt of the sequences that are there, such as {"car": 3}. '
            'Correct it, or remove it if none is there.')
    return known


def _parse_class(text: str) -> Tuple[str, int]:
    name, _, number = text.rpartition('=')
    if not name or not number.isdecimal() or int(number) < 1:
        raise ValueError(f'--class-numbers: got {text!r}, expected '
                         'NAME=NUMBER with a number from 1, as in car=3')
    return name, int(number)
