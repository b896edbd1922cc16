"""What stands in the tables."""
import csv
import io

import pytest
from evidence_samples import make_evidence

from ipmot_mm.study.table import render_tables, to_csv, to_records


def cells_of(text):
    return [[cell.strip() for cell in line.strip('|').split('|')]
            for line in text.splitlines() if line.startswith('|')]


def test_cross_domain_table():
    text = render_tables(make_evidence(), 'cross')
    assert text.startswith('**Cross-domain (mean of crowd, dance)**\n\n| row')
    head, _, base, full, alone = cells_of(text)
    assert head == [
        'row', 'n', 'HOTA', 'MOTA', 'IDF1', 'DetA', 'AssA', 'IDS',
        'ΔHOTA to the base', '95 % CI', 'p', 'p (Holm)', "paper's HOTA"]
    assert base == [
        'the base', '3', '17.0 ± 1.7', '8.5 ± 0.9', *['17.0 ± 1.7'] * 3,
        '11 ± 1', '-', '-', '-', '-', '29.8']
    assert full[8:] == ['+10.0', '+10.0 to +10.0', '-', '-', '36.9']
    assert alone == ['alone', '0', *['-'] * 11]


def test_p_values():
    full = cells_of(render_tables(make_evidence(), 'same'))[3]
    # differences 10, 12, 11: t = 11 sqrt 3, p = 0.0027 with 2 degrees
    assert full[8:] == ['+11.0', '+8.5 to +13.5', '0.003', '0.003']


def test_rows_against_several():
    evidence = make_evidence()
    evidence['rows']['alone']['against'] = 'full'
    head, _, base, full, alone = cells_of(render_tables(evidence, 'dance'))
    assert head[8] == 'ΔHOTA'
    assert full[8] == '+10.0 to the base' and alone[8] == '+6.0 to full'


def test_parts():
    evidence = make_evidence()
    both = render_tables(evidence, 'table')
    assert both == '\n\n'.join(
        render_tables(evidence, part) for part in ('same', 'cross'))
    assert render_tables(evidence) == '\n\n'.join(
        [both, render_tables(evidence, 'domains')])
    assert render_tables(evidence, 'about') == (
        '7 trainings and their tests, 2.3 hours of one process on A CPU '
        '(1 thread a run); torch 2.13.0; commit abc.')
    with pytest.raises(ValueError, match="no table 'sea' in the study sample; "
                       'expected one of about, table, domains, all, same'):
        render_tables(evidence, 'sea')


def test_records_and_csv_have_the_same_numbers():
    records = list(to_records(make_evidence()))
    assert len(records) == 5 * 3
    cross = records[3 + 1]
    assert (cross['group'], cross['row']) == ('cross', 'full')
    assert cross['HOTA'] == pytest.approx(27.0)
    assert cross['difference'] == pytest.approx(10.0) and cross['p'] is None
    lines = list(csv.DictReader(io.StringIO(to_csv(make_evidence()))))
    assert len(lines) == len(records) and set(lines[0]) == set(cross)
    assert float(lines[4]['HOTA']) == cross['HOTA']


def test_fewer_pairs_than_seeds_are_told():
    evidence = make_evidence()
    del evidence['rows']['base']['runs']['1']
    full = cells_of(render_tables(evidence, 'same'))[3]
    assert full[1] == '3' and full[8].endswith(' (n = 2)')
    assert full[9:] == ['-', '-', '-']
