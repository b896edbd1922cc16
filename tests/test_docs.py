"""Links of the pages lead somewhere."""
import itertools
import re
from pathlib import Path

import pytest
from mmengine.registry import Registry

from ipmot_mm import registry

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    path for folder in ('.', 'docs', 'configs', 'projects')
    for path in (ROOT / folder).glob('*.md' if folder in ('.', 'docs')
                                     else '**/*.md'))
LINK = re.compile(r'\]\(([^)\s]+)\)')


def anchors_of(page):
    """Names that the headings of a page get on GitHub."""
    text = re.sub(r'```.*?```', '', page.read_text(), flags=re.DOTALL)
    headings = re.findall(r'^#+ (.*)$', text, flags=re.MULTILINE)
    return {
        re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
        for heading in headings
    }


@pytest.mark.parametrize('page', PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in LINK.findall(page.read_text()):
        if re.match(r'[a-z]+:', link):
            continue
        file, _, anchor = link.partition('#')
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target), link


def test_most_pages_link():
    links = [link for page in PAGES for link in LINK.findall(page.read_text())]
    assert len(PAGES) > 15 and len(links) > 100


def test_every_registered_part_is_on_the_pages():
    """And how to write one: each registry has a row in customize_more.md."""
    text = ''.join(
        page.read_text() for page in (ROOT / 'docs').glob('*.md'))
    registry_table = (ROOT / 'docs' / 'customize_more.md').read_text()
    registries = {
        name: value
        for name, value in vars(registry).items()
        if isinstance(value, Registry) and not name.startswith('ROOT_')
    }
    assert len(registries) > 10
    for name, each in registries.items():
        assert f'`{name}`' in registry_table, name
        each.import_from_location()
        for part, kind in each.module_dict.items():
            if kind.__module__.startswith('ipmot_mm.'):
                assert f'`{part}`' in text, part


COLUMNS = ('HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1')
ZOO = (ROOT / 'docs' / 'model_zoo.md').read_text()
LEAVES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / 'configs').rglob('*.py')
    if '_base_' not in path.parts and path.parent.name != 'studies')


@pytest.mark.parametrize('leaf', LEAVES)
def test_zoo_has_a_row_with_the_numbers_of_the_config(leaf):
    """The paper's numbers stand in the comment that a config begins with."""
    rows = [line for line in ZOO.splitlines() if f'(../{leaf})' in line]
    assert len(rows) == 1
    comment = ' '.join(
        line[1:] for line in itertools.takewhile(
            lambda line: line.startswith('#'),
            (ROOT / leaf).read_text().splitlines()))
    cells = [cell.strip() for cell in rows[0].split('|')]
    for column, cell in zip(COLUMNS, cells[2:]):
        match = re.search(rf'\b{column}\s+([\d.]+\d)', comment)
        if match:
            assert cell == match[1], column
        elif leaf.startswith('configs/ipmot'):
            assert cell == '–', column


def test_zoo_names_no_result_that_is_not_there():
    text = (ROOT / 'configs' / 'ipmot' / 'metafile.yml').read_text()
    published = re.findall(r'^\s+(Results|Weights):', text, re.MULTILINE)
    rows = [line for line in ZOO.splitlines()
            if '(../configs/ipmot/' in line and 'ablations' not in line]
    assert published or all(row.endswith('|  |') for row in rows)


def test_index_has_every_page():
    text = (ROOT / 'docs' / 'README.md').read_text()
    for page in (ROOT / 'docs').glob('*.md'):
        assert page.name == 'README.md' or f']({page.name})' in text, page
