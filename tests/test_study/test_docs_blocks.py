"""Tables in a page follow the evidence."""
import json

import pytest
from evidence_samples import make_evidence

from ipmot_mm.study.docs_blocks import fill_blocks, read_blocks
from ipmot_mm.study.table import render_tables
from ipmot_mm.user_errors import CommandError

PAGE = '''# Evidence
<!-- study: sample same -->
old
<!-- end -->
between
<!-- study: sample about -->
<!-- end -->
<!-- study: other table -->
kept
<!-- end -->
'''


@pytest.fixture
def page(tmp_path):
    (tmp_path / 'evidence').mkdir()
    (tmp_path / 'evidence' / 'sample.json').write_text(
        json.dumps(make_evidence()))
    path = tmp_path / 'evidence.md'
    path.write_text(PAGE)
    return path


def test_blocks_of_a_study_are_filled(page):
    assert fill_blocks(page, 'sample') == 2
    text = page.read_text()
    assert render_tables(make_evidence(), 'same') in text
    assert 'old' not in text and 'between' in text and 'kept' in text
    fill_blocks(page, 'sample')
    assert page.read_text() == text


def test_a_block_tells_what_is_expected(page):
    page.write_text(PAGE.split('<!-- study: other')[0])
    assert all(block.body != block.expected for block in read_blocks(page))
    fill_blocks(page)
    blocks = list(read_blocks(page))
    assert [block.part for block in blocks] == ['same', 'about']
    assert all(block.body == block.expected for block in blocks)


def test_a_block_without_evidence(page):
    with pytest.raises(CommandError, match='other.json cannot be read'):
        fill_blocks(page)
    assert page.read_text() == PAGE


def test_a_test_whose_name_is_no_word(page):
    """Such as those of the study of uniforms, street-0.25."""
    path = page.parent / 'evidence' / 'sample.json'
    name = make_evidence()['tests'][0]
    path.write_text(path.read_text().replace(f'"{name}"', '"street-0.25"'))
    page.write_text('<!-- study: sample street-0.25 -->\n<!-- end -->\n')
    assert fill_blocks(page, 'sample') == 1
    assert '**street-0.25**' in page.read_text()
