"""Actions that wait for an import."""
import importlib
import importlib.util
import sys

import pytest

from ipmot_mm.compat.import_hooks import when_imported


@pytest.fixture
def module_name(tmp_path, monkeypatch):
    name = 'ipmot_probe_module'
    (tmp_path / f'{name}.py').write_text('value = 1\n')
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


def test_action_runs_once_and_after_execution(module_name):
    seen = []
    when_imported(module_name, lambda module: seen.append(module.value))
    assert not seen
    module = importlib.import_module(module_name)
    importlib.reload(module)
    assert seen == [1]


def test_action_runs_at_once_for_a_loaded_module(module_name):
    module = importlib.import_module(module_name)
    seen = []
    when_imported(module_name, seen.append)
    assert seen == [module]


def test_look_up_of_the_spec_does_not_use_the_action_up(module_name):
    seen = []
    when_imported(module_name, seen.append)
    importlib.util.find_spec(module_name)
    importlib.import_module(module_name)
    assert len(seen) == 1


def test_registered_twice_runs_once(module_name):
    seen = []
    when_imported(module_name, seen.append)
    when_imported(module_name, seen.append)
    importlib.import_module(module_name)
    assert len(seen) == 1


def test_failed_import_keeps_the_action(module_name, tmp_path):
    seen = []
    source = tmp_path / f'{module_name}.py'
    source.write_text('raise RuntimeError("broken")\n')
    when_imported(module_name, seen.append)
    with pytest.raises(RuntimeError, match='broken'):
        importlib.import_module(module_name)
    source.write_text('repaired = True\n')
    importlib.invalidate_caches()
    importlib.import_module(module_name)
    assert [module.repaired for module in seen] == [True]
