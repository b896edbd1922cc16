"""Configs and studies of all projects, as far as they can be checked here."""
from pathlib import Path

import pytest
from mmengine.config import Config

from ipmot_mm.registry import MODELS
from ipmot_mm.study.definition import read_study

ROOT = Path(__file__).resolve().parents[2]


def paths(pattern):
    return sorted(
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / 'projects').glob(pattern))


@pytest.mark.parametrize('path', paths('*/configs/*.py'))
def test_configs_build(path):
    """All but the TrackBook, whose CLIP is no part of the repository."""
    cfg = Config.fromfile(ROOT / path)  # imports what it names
    model = MODELS.build(dict(cfg.model, track_book=None))
    assert type(model.updater).__name__ == cfg.model.updater.type
    assert type(model.tracker).__name__ == cfg.model.tracker.type
    if cfg.model.track_book:
        assert MODELS.get(cfg.model.track_book.type)


@pytest.mark.parametrize('path', paths('*/README.md'))
def test_projects_keep_the_rules(path):
    folder = (ROOT / path).parent
    name, text = folder.name, (ROOT / path).read_text()
    for heading in ('Results', 'What is not reproduced', 'Citation',
                    'Checklist'):
        assert f'\n## {heading}\n' in text, heading
    assert text.count('**Milestone ') == 3
    assert 'tools/train.py' in text and 'tools/test.py' in text
    assert f']({name}/README.md)' in (folder.parent / 'README.md').read_text()
    for file in (folder / 'configs').glob('*.py'):
        assert '/configs/' in file.read_text() or '::' in file.read_text()
    tests = Path(__file__).parent.glob('test_*.py')
    assert any(f'projects.{name}.' in test.read_text() for test in tests)


@pytest.mark.parametrize('path', paths('*/study.py'))
def test_studies_name_files_that_are_there(path):
    study = read_study(str(ROOT / path))
    assert study.name == Path(path).parent.name
    for row in study.rows.values():
        assert row.config.is_file()
