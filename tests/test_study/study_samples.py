"""Studies of a few lines, and runs that only pretend to train."""
from pathlib import Path

from ipmot_mm.study.definition import read_study
from ipmot_mm.study.plan import make_plan
from ipmot_mm.study.records import (missing_tests, read_result, weights_of,
                                    write_result)

ROW = '''
model = dict(type='Net', depth=3, tracker=dict(thr=0.5))
train_dataloader = dict(batch_size=2, dataset=dict(data_root='train'))
test_dataloader = dict(dataset=dict(data_root='nowhere'))
test_evaluator = dict(type='TrackEvalMetric')
train_cfg = dict(max_epochs=2)
randomness = dict(seed=42)
work_dir = 'elsewhere'
'''
STUDY = '''
base = 'row.py'
seeds = [0, 1]
rows = dict(
    base=dict(title='the base'),
    deep=dict(options={'model.depth': 9}, paper=dict(HOTA=33.1)))
tests = dict(street='data/street', crowd='data/crowd')
same_domain = ['street']
reference = 'base'
'''


def write_study(folder, text=STUDY, name='sample'):
    """Path of a study beside its config."""
    (folder / 'row.py').write_text(ROW)
    path = folder / f'{name}.py'
    path.write_text(text)
    return path


def plan_of(folder, text=STUDY, name='sample', **options):
    """Plan of a study, with all results in the same folder."""
    study = read_study(str(write_study(folder, text, name)))
    return make_plan(study, folder / 'studies', **options)


def pretend(run, progress):
    """Do a run in no time: HOTA tells row, test and seed apart."""
    result = read_result(run)
    if run.trains and not result['training']:
        run.folder.mkdir(parents=True, exist_ok=True)
        weights_of(run).write_text(run.label)
        result['training'] = dict(seconds=60.0, iterations=7)
        log(run, 'trained')
    progress(0.5)
    for key in missing_tests(run):
        name = run.test_names[key]
        score = (0.5 + 0.1 * (run.cfg['model']['depth'] == 9) -
                 0.2 * (name == 'crowd') + 0.01 * run.seed**2)
        result['tests'][key] = dict(
            name=name, seconds=1.5, scores=dict(HOTA=score, IDSW=3 + run.seed))
        log(run, f'tested {name} of {weights_of(run).read_text()}')
    write_result(run, result['training'], result['tests'])


def log(run, line):
    """Note what was done, in the order of time."""
    with open(run.folder.parent / 'log', 'a', encoding='utf-8') as file:
        file.write(f'{run.label} {line}\n')


def read_log(folder):
    """Lines of all runs of a folder, those read are forgotten."""
    path = Path(folder) / 'studies' / 'runs' / 'log'
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines
