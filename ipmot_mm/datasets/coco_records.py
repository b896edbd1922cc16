"""Lists of records in a COCO json file, and errors that name the entry."""
import json
import os
from typing import Any, Collection, Dict, List, NoReturn, Optional, Set, Union

from .mot_text import END_OF_WHOLE_NUMBERS

Record = Dict[str, Any]
RecordId = Union[int, str]

_EXPECTED = {int: 'a whole number', str: 'a text', None: 'a number or a text'}

NUM_SHOWN = 100
"""Characters of a bad entry that a message quotes."""


class CocoRecords:
    """One json file in which each top-level key holds a list of objects.

    Args:
        path (str): The file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a json object. The methods raise it, too,
            with file and entry, such as ``annotations[17]``.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._checked: Set[str] = set()
        if not os.path.isfile(path):
            raise FileNotFoundError(
                f'ann_file "{path}" is missing. Convert the data set first, '
                'such as with tools/dataset_converters/mot2coco.py of mmdet, '
                'or correct the path.')
        try:
            with open(path, encoding='utf-8-sig') as file:
                self._data = json.load(file)
        except (ValueError, RecursionError) as error:
            raise ValueError(f'"{path}" is not a complete json file: {error}. '
                             'Convert the data set again.') from None
        if not isinstance(self._data, dict):
            raise ValueError(
                f'"{path}" holds a {type(self._data).__name__}, expected an '
                'object with "images", "annotations" and "categories". A list '
                'of detections is no set of annotations.')

    def __contains__(self, name: str) -> bool:
        """Whether there is a list of this name."""
        return name in self._data

    def records(self, name: str) -> List[Record]:
        """The list of this name, each entry an object."""
        records = self._data.get(name)
        if name in self._checked:
            return records
        if not isinstance(records, list):
            raise ValueError(
                f'"{self.path}" has no list "{name}", but '
                f'{", ".join(self._data) or "nothing"}. Convert the data set '
                'again, to COCO-VID.')
        for index, record in enumerate(records):
            if not isinstance(record, dict):
                self.fail(name, index, 'expected an object')
        self._checked.add(name)
        return records

    def get(self, name: str, index: int, key: str, kind: type) -> Any:
        """One value of one entry, an ``int`` or a ``str`` as asked for."""
        return self._get(name, index, key, kind)

    def get_new_id(self, name: str, index: int,
                   others: Collection[RecordId]) -> RecordId:
        """The id of an entry, which none of the others has."""
        value = self._get(name, index, 'id', None)
        if value in others:
            self.fail(name, index, '"id" is that of another entry')
        return value

    def get_link(self, name: str, index: int, key: str, target: str,
                 others: Collection[RecordId]) -> RecordId:
        """An id in an entry, which is one of those in the list ``target``."""
        value = self._get(name, index, key, None)
        if value not in others:
            self.fail(name, index, f'no entry of "{target}" has this "{key}"')
        return value

    def _get(self, name: str, index: int, key: str,
             kind: Optional[type]) -> Any:
        record = self._data[name][index]
        value = record.get(key)
        valid = (
            isinstance(value, kind or (int, str))
            and not isinstance(value, bool)
            and (isinstance(value, str) or abs(value) < END_OF_WHOLE_NUMBERS))
        if not valid:
            self.fail(
                name, index, f'"{key}" must be {_EXPECTED[kind]}'
                if key in record else f'"{key}" is missing')
        return value

    def fail(self, name: str, index: int, problem: str) -> NoReturn:
        """Raise a ValueError about one entry."""
        entry = repr(self._data[name][index])
        shown = entry[:NUM_SHOWN] + '...' * (len(entry) > NUM_SHOWN)
        raise ValueError(f'"{self.path}", {name}[{index}]: {problem}, got '
                         f'{shown}. Correct the entry, or convert the data '
                         'set again.')
