"""The small checkpoints of the repository."""
import hashlib
import json
import re
from pathlib import Path

import pytest
from mmengine.config import Config

from ipmot_mm.compat.checkpoint import load_weights
from ipmot_mm.registry import MODELS

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / 'checkpoints'
README = (FOLDER / 'README.md').read_text()
FILES = sorted(path.name for path in FOLDER.glob('*.pth'))


def config_of(name):
    """The config that the table names for a file."""
    line, = (line for line in README.splitlines()
             if line.startswith(f'| [{name}]'))
    link = re.findall(r'\]\((\.\./configs/[^)]*\.py)\)', line)[0]
    return Config.fromfile(FOLDER / link)


def test_together_they_stay_small():
    assert FILES
    assert sum((FOLDER / name).stat().st_size for name in FILES) < 8e6


@pytest.mark.parametrize('name', FILES)
def test_hash_is_that_of_the_readme(name):
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
    assert f'{digest}  {name}\n' in README


@pytest.mark.parametrize('name', FILES)
def test_it_has_the_weights_of_its_config_and_no_others(name):
    weights = load_weights(str(FOLDER / name))
    model = MODELS.build(config_of(name).model)
    expected = model.state_dict()
    if name == 'dab_small_world.pth':
        # a tracker starts from it, so its updater must not be there
        expected = {
            k: v
            for k, v in expected.items() if k.startswith('detector.')
        }
    assert {k: v.shape for k, v in weights.items()} == \
        {k: v.shape for k, v in expected.items()}


@pytest.mark.parametrize('name', FILES)
def test_its_log_ends_where_its_config_does(name):
    lines = (FOLDER / name).with_suffix('.json').read_text().splitlines()
    epochs = [json.loads(line).get('epoch') for line in lines]
    assert max(filter(None, epochs)) == config_of(name).train_cfg.max_epochs
