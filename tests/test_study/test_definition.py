"""A study is read, and what is wrong with it is said in one line."""
import pytest
from study_samples import STUDY, write_study

from ipmot_mm.study.definition import find_study, read_study
from ipmot_mm.user_errors import CommandError


def read(tmp_path, text=STUDY, **options):
    return read_study(str(write_study(tmp_path, text)), **options)


def test_rows_seeds_and_tests(tmp_path):
    study = read(tmp_path)
    assert study.name == study.title == 'sample'
    assert list(study.rows) == ['base', 'deep']
    base, deep = study.rows.values()
    assert (base.title, deep.title) == ('the base', 'deep')
    assert base.seeds == deep.seeds == (0, 1)
    assert base.against is None and deep.against == 'base'
    assert base.config == tmp_path / 'row.py'
    assert deep.options == {'model.depth': 9}
    assert study.tests['crowd'] == {
        'test_dataloader.dataset.data_root': 'data/crowd'}
    # what is not of the same domain is of another
    assert study.same_domain == ('street', )
    assert study.cross_domain == ('crowd', )


def test_a_row_may_say_otherwise(tmp_path):
    study = read(
        tmp_path, STUDY + '''
rows['more'] = dict(seeds=[5], against='deep')
rows['file'] = dict(checkpoint='a.pth')
rows['sort'] = dict(checkpoint_of='base', seeds=[1])
tests['hard'] = {'test_evaluator.benchmark': 'MOT20'}
''')
    assert study.rows['more'].seeds == (5, )
    assert study.rows['more'].against == 'deep'
    assert study.rows['file'].seeds == (0, )  # it has none
    assert study.rows['sort'].checkpoint_of == 'base'
    assert study.tests['hard'] == {'test_evaluator.benchmark': 'MOT20'}


def test_scales(tmp_path):
    text = STUDY + '''
options = {'a': 1, 'b': 1}
scales = dict(cpu={'b': 2}, gpu={'b': 3})
'''
    assert read(tmp_path, text).options == dict(a=1, b=2)
    assert read(tmp_path, text, scale='gpu').options == dict(a=1, b=3)
    with pytest.raises(CommandError, match='--scale: got tpu; expected some '
                       'of cpu, gpu'):
        read(tmp_path, text, scale='tpu')


@pytest.mark.parametrize('addition, message', [
    ('seeds = 3', r'seeds of rows.base: got 3; expected a list'),
    ('rows = dict()', 'rows is missing or empty'),
    ("rows['base']['sead'] = 3", 'rows.base: got sead; expected some of'),
    ("rows['base']['config'] = 'no.py'", 'of rows.base is not there: no.py'),
    ('base = None', 'rows.base has no config'),
    ("reference = 'bsae'", 'got bsae; expected some of base, deep'),
    ("same_domain = ['sea']", 'got sea; expected some of street, crowd'),
    ("rows['x'] = dict(checkpoint_of='y')", 'got y; expected some of'),
    ("rows['x'] = dict(checkpoint_of='deep', seeds=[7])",
     r'rows.x has seeds \[7\], but those of deep'),
    ("rows['x'] = dict(checkpoint='a'); rows['y']=dict(checkpoint_of='x')",
     'x is not trained'),
    ("prerequisites = dict(data=dict(comand='draw', creates='data'))",
     'prerequisites.data: got comand, creates; expected command, creates'),
])
def test_what_cannot_be_run(tmp_path, addition, message):
    with pytest.raises(CommandError, match=message):
        read(tmp_path, f'{STUDY}\n{addition}\n')


def test_unknown_studies_are_listed():
    assert find_study('smoke').name == 'smoke.py'
    with pytest.raises(CommandError, match='not found: nine; .*smoke'):
        find_study('nine')
