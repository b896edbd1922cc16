"""Tables in a page that are made from files of evidence.

A block of a page is ::

    <!-- study: NAME PART -->
    ...
    <!-- end -->

where NAME is a study, whose numbers are in ``evidence/NAME.json`` beside the
page, and PART is of :func:`~.table.render_tables`.
"""
import re
from pathlib import Path
from typing import Iterator, NamedTuple, Optional

from ipmot_mm.atomic_files import write_atomically

from .evidence import read_evidence
from .table import render_tables

BLOCK = re.compile(
    r'(?P<head><!-- study: (?P<study>[\w-]+) (?P<part>\S+) -->\n)'
    r'(?P<body>.*?)(?P<tail><!-- end -->)', re.DOTALL)


class Block(NamedTuple):
    """A table in a page.

    Attributes:
        study (str): Name of the study.
        part (str): Of its tables.
        body (str): What stands in the page.
        expected (str): What the evidence says.
    """
    study: str
    part: str
    body: str
    expected: str


def read_blocks(page: Path) -> Iterator[Block]:
    """All blocks of a page.

    Args:
        page (Path): The page.

    Yields:
        :obj:`Block`: In their order.
    """
    for match in BLOCK.finditer(page.read_text(encoding='utf-8')):
        yield Block(match['study'], match['part'], match['body'],
                    _expected(page, match))


def fill_blocks(page: Path, study: Optional[str] = None) -> int:
    """Write what the evidence says into the blocks of a page.

    Args:
        page (Path): The page.
        study (str, optional): Only blocks of this study. Defaults to None.

    Returns:
        int: Number of blocks that were filled.
    """
    count = 0

    def fill(match: 're.Match[str]') -> str:
        nonlocal count
        if study not in (None, match['study']):
            return match[0]
        count += 1
        return match['head'] + _expected(page, match) + match['tail']

    text = BLOCK.sub(fill, page.read_text(encoding='utf-8'))
    if count:
        write_atomically(page, text)
    return count


def _expected(page: Path, match: 're.Match[str]') -> str:
    path = page.parent / 'evidence' / f'{match["study"]}.json'
    return f'\n{render_tables(read_evidence(path), match["part"])}\n\n'
