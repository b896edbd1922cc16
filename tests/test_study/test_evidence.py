"""Evidence of runs, written and read again."""
import json

import pytest
from study_samples import STUDY, plan_of, pretend, write_study

from ipmot_mm.study.definition import read_study
from ipmot_mm.study.evidence import collect, read_evidence, write_evidence
from ipmot_mm.study.table import render_tables
from ipmot_mm.user_errors import CommandError


def collect_some(folder):
    """All seeds of one row, none of the other."""
    study = read_study(str(write_study(folder, STUDY)))
    for run in plan_of(folder, rows=['deep']).runs:
        pretend(run, print)
    return collect(study, plan_of(folder))


def test_what_is_there_is_collected(tmp_path):
    evidence = collect_some(tmp_path)
    assert evidence['study'] == 'sample' and evidence['reference'] == 'base'
    base, deep = evidence['rows'].values()
    assert base['runs'] == {}
    assert deep['options'] == {'model.depth': 9} and deep['seeds'] == [0, 1]
    run = deep['runs']['1']
    assert run['seconds'] == 63.0 and run['iterations'] == 7
    assert run['scores']['crowd']['HOTA'] == pytest.approx(0.41)
    # of a file outside of the repository only the name
    assert deep['config'] == 'row.py'


def test_tables_from_a_file_are_the_same(tmp_path):
    evidence = collect_some(tmp_path)
    path = tmp_path / 'evidence' / 'sample.json'
    write_evidence(evidence, path)
    assert read_evidence(path) == evidence
    assert render_tables(read_evidence(path)) == render_tables(evidence)
    assert '40.5 ± 0.7' in render_tables(evidence)  # 40 and 41 of 100


@pytest.mark.parametrize('text', ['', '[]', json.dumps(dict(format=0))])
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / 'a.json'
    path.write_text(text)
    with pytest.raises(CommandError, match='a.json .*run_study.py --export'):
        read_evidence(path)
