"""What a user reads about a config that cannot be read or built."""
import argparse
import sys

import pytest
from mmengine.config import Config

from ipmot_mm.cli import read_config
from ipmot_mm.config_errors import (SettingsAction, message_of_setting,
                                    read_file, require_known_keys)
from ipmot_mm.engine.optim import AlternatingOptimWrapperConstructor
from ipmot_mm.registry import HOOKS, MODELS
from ipmot_mm.testing import tiny_model_cfg

BASE = "a = dict(b=1, c=dict(d=2))\ne = [3]\n"


def write(folder, text, name='leaf.py'):
    (folder / 'base.py').write_text(BASE)
    (folder / name).write_text(text)
    return str(folder / name)


@pytest.mark.parametrize('text, line', [
    ('a = dict(b=1\n', '"{leaf}" cannot be read, line 1: \'(\' was never'),
    ('x = 1\ny = none\n', '"{leaf}" cannot be read, line 2: NameError: name'),
    ("_base_ = './none.py'", '"{leaf}" names a base that does not exist ('),
    ("_base_ = ['base.py', './none.py']", 'none.py\'); correct _base_'),
    ("_base_ = 'ipmot_mm::none.py'", '"{leaf}" cannot be read: '),
    ("_base_ = 'ipmot_mm::synthmot/none.py'", 'correct _base_'),
    ("_base_ = 'ipmot::synthmot/none.py'", 'packages are ipmot_mm:: and'),
    ("_base_ = 'mmdet::_base_/none.py'", '/_base_/none.py" does not exist);'),
    ("_base_ = ['base.py', 'ipmot_mm::_base_/default_runtime.py', 'copy.py']",
     "keys: {'default_scope'}. Name only one of the bases"),
    ("_base_ = 'base.py'\na = {{_base_.f}}", "takes 'f' from its bases"),
    ("_base_ = 'base.py'\na = {{_base_.a.f}}", "takes 'f' from its bases"),
    ("_base_ = 'wrong.py'", 'wrong.py" cannot be read, line 2: invalid'),
    ("_base_ = 'base.py'\ne = dict(f=1)", '"{leaf}" cannot be read: TypeErr'),
])
def test_a_config_that_cannot_be_read(text, line, tmp_path):
    (tmp_path / 'copy.py').write_text("default_scope = 'mmdet'")
    (tmp_path / 'wrong.py').write_text("x = 1\ny = = 2")
    leaf = write(tmp_path, text)
    with pytest.raises(ValueError) as caught:
        read_file(leaf)
    assert str(caught.value).startswith('the config "')
    assert line.replace('{leaf}', leaf) in str(caught.value)


def test_a_checkout_that_is_not_installed(tmp_path, monkeypatch):
    (tmp_path / 'mmdet').mkdir()
    monkeypatch.setattr('mmengine.config.config.get_installed_path',
                        lambda package: str(tmp_path / 'mmdet'))
    leaf = write(tmp_path, "_base_ = 'ipmot_mm::synthmot/a.py'")
    with pytest.raises(ValueError, match='model-index.yml" is missing, so '
                       '"::" in _base_ of ".*leaf.py" finds nothing; install'):
        read_file(leaf)


@pytest.mark.parametrize('module, line', [
    (None, "custom_imports: No module named 'my_parts'. Correct the name, or"),
    ('import os\nfrom os import nothing', r'cannot import name .nothing.* '
     r'\(".*my_parts.py", line 2\)\. Correct'),
    ('x = nothing', None),
])
def test_a_module_that_cannot_be_imported(module, line, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, 'my_parts', raising=False)
    if module:
        (tmp_path / 'my_parts.py').write_text(module)
    leaf = write(
        tmp_path, "custom_imports = dict(imports=['my_parts'], "
        'allow_failed_imports=False)')
    if line is None:  # a bug in the user's code keeps its traceback
        with pytest.raises(NameError):
            read_file(leaf)
    else:
        with pytest.raises(ValueError, match=line):
            read_file(leaf)


@pytest.mark.parametrize('options, line', [
    ({'a.b.x': 1}, '--cfg-options: b='),
    ({'e.5': 1}, '--cfg-options: Index 5 exceeds the length of list'),
    ({'modell.x': 1}, 'nothing reads the key "modell" of the config; did you '
                      'mean "model"?'),
])
def test_options_that_lead_nowhere(options, line, tmp_path):
    with pytest.raises(ValueError) as caught:
        read_config(write(tmp_path, BASE), options)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize('name, meant', [
    ('modle', 'model'), ('train_dataloder', 'train_dataloader'),
    ('custom_hook', 'custom_hooks'), ('train_config', 'train_cfg'),
    ('train_pipeline', None), ('val_evaluator_full', None), ('models', None),
    ('conv_cfg', None), ('cfg', None), ('model', None)])
def test_a_slip_in_a_key(name, meant):
    if meant is None:
        require_known_keys(Config({name: {}}), {})
    else:
        with pytest.raises(ValueError, match=f'did you mean "{meant}"'):
            require_known_keys(Config({name: {}}), {})


@pytest.mark.parametrize('config, registry, line', [
    (dict(type='QueryUpdatr'), MODELS, 'class "QueryUpdatr", which is not in '
     'the registry ipmot_mm::model; did you mean "QueryUpdater"?'),
    (dict(type='ResNet'), MODELS, 'did you mean "mmdet.ResNet"?'),
    (dict(type='mmdt.ResNet'), MODELS, 'did you mean "mmdet.ResNet"?'),
    (dict(type='LogerHook'), HOOKS, 'did you mean "LoggerHook"?'),
    (dict(type='Qqqqqqqq'), HOOKS, 'name the module that registers it in '
     'custom_imports'),
    (dict(embed_dims=7), MODELS, "missing, in {'embed_dims': 7}"),
])
def test_a_class_that_is_not_there(config, registry, line):
    with pytest.raises(KeyError) as caught:
        registry.build(config)
    assert line in message_of_setting(caught.value)
    assert message_of_setting(KeyError('type')) is None


def test_an_optimizer_that_is_not_there():
    model = MODELS.build(tiny_model_cfg(with_track_book=True))
    construct = AlternatingOptimWrapperConstructor(
        dict(
            tracker=dict(optimizer=dict(type='AdamWW', lr=1.)),
            track_book=dict(optimizer=dict(type='RowwiseAdamW', lr=1.))))
    with pytest.raises(TypeError) as caught:
        construct(model)
    assert message_of_setting(caught.value) == (
        'the config names the class "AdamWW", which is not in the registry '
        'ipmot_mm::optimizer; did you mean "AdamW"?')


def test_settings_of_a_base_are_dropped_by_delete():
    with pytest.raises(TypeError) as caught:
        MODELS.build(dict(type='IdentityUpdater', embed_dims=64))
    line = message_of_setting(caught.value)
    assert line.startswith('IdentityUpdater does not take "embed_dims"')
    assert line.endswith('write _delete_=True beside type')


@pytest.mark.parametrize('pairs', [['a'], ['a', '=', '3'], ['=3']])
def test_options_without_a_value(pairs, capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=SettingsAction)
    assert parser.parse_args(['--cfg-options', 'a.b=c=d']).cfg_options == {
        'a.b': 'c=d'}
    with pytest.raises(SystemExit):
        parser.parse_args(['--cfg-options', *pairs])
    assert f'--cfg-options: got "{pairs[0]}", expected KEY=VALUE' in (
        capsys.readouterr().err)
