"""Tables of pages are those of the files of evidence."""
from pathlib import Path

from ipmot_mm.study.docs_blocks import read_blocks

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / 'docs' / 'evidence.md'


def cells(row):
    return [cell.strip() for cell in row.strip('|').split('|')]


def test_tables_are_those_of_the_evidence():
    blocks = list(read_blocks(PAGE))
    assert blocks
    for block in blocks:
        assert block.body == block.expected, (
            f'{block.study} {block.part}: run tools/analysis_tools/'
            f'run_study.py {block.study} --from '
            f'docs/evidence/{block.study}.json --write-docs')


def test_the_readme_has_the_scores_of_the_page():
    scores = [{}, {}]
    for block in read_blocks(PAGE):
        if block.study in ('table7', 'revived_tracks', 'updater') and \
                block.part == 'table':
            tables = block.expected.split('**Cross-domain', 1)
            for known, table in zip(scores, tables):
                rows = [
                    cells(row) for row in table.splitlines() if row[:1] == '|'
                ]
                known.update({row[0]: row[2] for row in rows})
    readme = (ROOT / 'README.md').read_text()
    shown = [
        cells(row) for row in readme.splitlines()
        if row.startswith(('| plain', '| DAB (base)', '| base + ', '| base, '))
    ]
    assert len(shown) == 9
    for title, street, unseen, _ in shown:
        assert (street, unseen) == (scores[0][title], scores[1][title])
