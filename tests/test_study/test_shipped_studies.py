"""All shipped studies can be planned, and their options mean something."""
import inspect
import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from ipmot_mm.registry import MODELS, TASK_UTILS
from ipmot_mm.study import make_plan, read_study
from ipmot_mm.testing import config_root

ROOT = Path(__file__).resolve().parents[2]
STUDIES = sorted(
    path.stem for path in (config_root() / 'studies').glob('*.py'))


def find_unknown(cfg, options):
    """Dotted keys that neither a config nor the class of its part knows."""
    unknown = []
    for key in options:
        node, (*path, last) = cfg, key.split('.')
        for name in path:
            node = node[int(name)] if isinstance(node, list) else (
                node or {}).get(name)
        if not isinstance(node, dict) or not accepts(node, last):
            unknown.append(key)
    return unknown


def accepts(node, key):
    """Whether a dict has a key, or its type an argument of this name; the
    whole config is that of a runner."""
    kind = node.get('type')
    found = Runner if kind is None else (
        MODELS.get(kind) or TASK_UTILS.get(kind))
    return key in node or any(
        key in inspect.signature(each.__init__).parameters
        for each in getattr(found, '__mro__', ()))


@pytest.mark.parametrize('name', STUDIES)
def test_study_is_planned(name, tmp_path):
    study = read_study(name)
    plan = make_plan(study, tmp_path)
    assert {row for row, _ in plan.cells} == set(study.rows)
    for run in plan.runs:
        assert run.trains <= bool(run.cfg['train_dataloader'])
        assert set(run.test_names.values()) == set(study.tests)
        if run.source is not None:
            assert run.source.trains and run.source.seed == run.seed


@pytest.mark.parametrize('name', STUDIES)
def test_options_name_what_there_is(name):
    study = read_study(name)
    for row in study.rows.values():
        cfg = Config.fromfile(row.config)._cfg_dict.to_dict()
        for options in (study.options, row.options, *study.tests.values()):
            assert not find_unknown(cfg, options), row.name


def test_a_typo_is_an_option_that_means_nothing():
    row = read_study('dem').rows['score']
    cfg = Config.fromfile(row.config)._cfg_dict.to_dict()
    good = ['model.clip_loss.dedup.mode', 'custom_hooks.0.schedule']
    bad = [
        'model.clip_loss.dedpu.mode', 'model.clip_loss.dedup.mod',
        'model.track_book.t2i_form', 'custom_hooks.0.shcedule', 'modell.dedup',
        'load_form'
    ]  # this row has no TrackBook
    assert find_unknown(cfg, good + bad) == bad


@pytest.mark.parametrize('name', STUDIES)
def test_models_with_options_are_built(name, tmp_path):
    """A value that no class allows would end a study after hours."""
    study = read_study(name)
    for run in make_plan(study, tmp_path, seeds=[0]).runs:
        options = {**study.options, **study.rows[run.name].options}
        if any(key.startswith('model.') for key in options):
            model = Config(run.cfg).model
            if model.get('track_book') is not None:
                model.track_book.clip.pretrained = None
            MODELS.build(model).build_track_book()


@pytest.mark.parametrize('name', STUDIES)
def test_commands_name_files_that_are_there(name):
    for each in read_study(name).prerequisites:
        files = re.findall(r'(?:tools|configs)/[\w/.-]+', each.command)
        assert files
        assert all((ROOT / file).is_file() for file in files), each.command


def test_the_smoke_study_is_there():
    assert 'smoke' in STUDIES


def test_scenes_of_a_dial_are_those_that_the_studies_share():
    """Of as many videos and frames, or the dial is not all that differs."""
    script = (ROOT / 'tools/prepare_study.sh').read_text(encoding='utf-8')
    num_val = re.search(r'NUM_VAL:-(\d+)', script)[1]
    shared = {
        f'--num-val {num_val} --num-frames {num_frames}'
        for num_frames in re.findall(
            r'--domains (?:street|crowd dance) .*\n'
            r' +--num-val "\$NUM_VAL" --num-frames (\d+)', script)
    }
    commands = [each.command
                for each in read_study('similarity').prerequisites]
    drawn = {
        re.search('--num-val [0-9]+ --num-frames [0-9]+', command)[0]
        for command in commands if 'make_synthmot' in command
    }
    assert shared == drawn and len(drawn) == 1
