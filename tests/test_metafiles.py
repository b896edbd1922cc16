"""model-index.yml and the metafiles: what mim and mmengine.hub read."""
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from mmengine.config import Config

import ipmot_mm

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'configs'
METAFILES = sorted(CONFIGS.rglob('metafile.yml'))
ENTRIES = [(file, model) for file in METAFILES
           for model in yaml.safe_load(file.read_text())['Models']]
LEAVES = sorted(
    path.relative_to(ROOT).as_posix() for path in CONFIGS.rglob('*.py')
    if not {'_base_', 'studies'} & set(path.parts))
SCORES = {'HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1'}

each_model = pytest.mark.parametrize(
    'file, model', ENTRIES, ids=[model['Name'] for _, model in ENTRIES])


def test_the_index_names_every_metafile_once():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    assert sorted(index['Import']) == [
        file.relative_to(ROOT).as_posix() for file in METAFILES]


def test_every_leaf_is_in_one_metafile():
    counts = Counter(model['Config'] for _, model in ENTRIES)
    assert len(LEAVES) > 40
    assert counts == dict.fromkeys(LEAVES, 1)


def test_names_of_configs_differ_from_all_others():
    # mim looks for the name of a config in the whole package
    package = Path(ipmot_mm.__file__).parent
    folders = (package, CONFIGS, ROOT / 'tools', ROOT / 'demo')
    names = Counter(
        path.name for folder in folders for path in folder.rglob('*.py')
        if folder != package or '.mim' not in path.parts)
    studies = [path.name for path in (CONFIGS / 'studies').glob('*.py')]
    for name in [Path(leaf).name for leaf in LEAVES] + studies:
        assert names[name] == 1, name


@each_model
def test_entry_describes_its_config(file, model):
    assert Path(model['Config']).stem == model['Name']
    assert file.parent in (ROOT / model['Config']).parents
    epochs = model.get('Metadata', {}).get('Epochs')
    cfg = Config.fromfile(
        ROOT / model['Config'], import_custom_modules=False)
    trained = cfg.model.type not in ('TrackingByDetection', 'OracleMatching')
    assert epochs == (cfg.train_cfg.max_epochs if trained else None)


@each_model
def test_results_are_those_of_weights_that_exist(file, model):
    if 'Weights' not in model:
        assert 'Results' not in model
        return
    assert (ROOT / model['Weights']).is_file()
    weights, config = Path(model['Weights']).name, Path(model['Config']).name
    readme = (ROOT / 'checkpoints' / 'README.md').read_text()
    row, = re.findall(rf'^\| \[{weights}\].*$', readme, re.MULTILINE)
    assert f'{config}]' in row
    for result in model.get('Results', ()):
        assert set(result) == {'Task', 'Dataset', 'Metrics'}
        assert set(result['Metrics']) == SCORES
        assert all(0 < value < 100 for value in result['Metrics'].values())


def test_the_loader_of_model_index_is_content():
    modelindex = pytest.importorskip('modelindex')
    index = modelindex.load(str(ROOT / 'model-index.yml'))
    problems = [
        (entry['filepath'], error) for entry in index.collect_check_errors()
        for error in entry['errors']]
    assert not problems
    index.build_models_with_collections()
    assert len(index.models) == len(LEAVES)
    for model in index.models:
        # it has what its collection has
        assert model.full_model.readme == 'README.md'
        assert model.full_model.metadata.architecture


def test_the_loader_sees_an_absent_readme(tmp_path):
    modelindex = pytest.importorskip('modelindex')
    file = tmp_path / 'metafile.yml'
    file.write_text('Collections:\n  - Name: a\n    README: GONE.md\n'
                    'Models:\n  - Name: b\n    In Collection: a\n')
    errors = [error for entry in modelindex.load(str(file))
              .collect_check_errors() for error in entry['errors']]
    assert any('GONE.md' in error for error in errors)


def test_every_collection_exists_once_and_has_a_readme():
    found = {}
    for file in METAFILES:
        content = yaml.safe_load(file.read_text())
        for collection in content.get('Collections', ()):
            assert collection['Name'] not in found
            found[collection['Name']] = file.parent / collection['README']
    assert all(path.is_file() for path in found.values())
    assert {model['In Collection'] for _, model in ENTRIES} == set(found)
