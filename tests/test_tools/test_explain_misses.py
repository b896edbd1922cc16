"""What became of each person, and why."""
from collections import Counter

import numpy as np
import pytest
import torch
from mmengine.config import Config

from ipmot_mm.registry import MODELS
from ipmot_mm.testing import config_root, make_outputs, tiny_model_cfg
from ipmot_mm.testing.synthetic import write_tiny_mot

TOOL = 'analysis_tools/explain_misses.py'
# centres of four places apart; boxes of queries are given as cxcywh
PLACES = [[x, 0.5, 0.1, 0.4] for x in (0.2, 0.4, 0.6, 0.8)]


def corners(places):
    cx, cy, w, h = torch.tensor(places).reshape(-1, 4).unbind(-1)
    return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], -1)


def frame(queries, num_detect):
    """One frame from (place, c) of each query."""
    places, scores = zip(*queries)
    return make_outputs(
        torch.tensor([PLACES[i] for i in places])[None, None],
        torch.tensor(scores)[None, None, :, None], num_detect)


def test_each_person_has_one_reason(tool):
    # place 0: a lost track and a confident detection; 1: a weak detection;
    # 2: nothing; 3: reported twice, and once where nobody is
    outputs = frame([(0, .9), (1, .2), (3, .9), (0, .1), (3, .8)], 3)
    elsewhere = [0.5, 0.1, 0.1, 0.1]
    reported = corners([PLACES[3], PLACES[3], elsewhere])
    counts = tool.explain(outputs, reported, corners(PLACES), 0.5, 0.5)
    assert +counts == Counter({
        ('held_back', True): 1,
        ('no_class', False): 1,
        ('no_box', False): 1,
        ('found', False): 1,
        ('twice', False): 1,
        ('nobody', False): 1
    })


def test_frames_without_persons_or_tracks(tool):
    outputs = frame([(0, .9)], 1)
    none = corners([])
    assert +tool.explain(outputs, none, none, 0.5, 0.5) == Counter()
    only = tool.explain(outputs, corners(PLACES[:2]), none, 0.5, 0.5)
    assert +only == Counter({('nobody', False): 2})


@pytest.fixture(scope='module')
def test_run(tmp_path_factory):
    """Config of a test, a checkpoint of random weights, its ground truth."""
    folder = tmp_path_factory.mktemp('test')
    cfg = Config.fromfile(config_root() / 'synthmot' /
                          'ipmot_dab-tiny_2xb4-8e_synthmot-street.py')
    cfg.model = tiny_model_cfg()
    root = write_tiny_mot(folder / 'data')
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.data_root = str(root)
    cfg.dump(folder / 'cfg.py')
    model = MODELS.build(cfg.model)
    model.init_weights()
    torch.save(dict(state_dict=model.state_dict()), folder / 'first.pth')
    return folder / 'cfg.py', folder / 'first.pth', root


def test_all_persons_are_counted(call, test_run):
    *paths, root = test_run
    code, out, _ = call(*paths)
    assert code == 0
    rows = [line.split() for line in out.splitlines()[-7:]]
    numbers = [[int(word) for word in row if word.isdigit()] for row in rows]
    persons, found, *missed = (row[0] for row in numbers[:5])
    truth = [
        np.loadtxt(path, delimiter=',', ndmin=2)
        for path in root.glob('*/gt/gt.txt')
    ]
    assert persons == sum(len(table) for table in truth) > 0
    assert found + sum(missed) == persons
    # random weights are certain of nothing
    assert found == 0


def test_weights_of_another_model_are_refused(call, test_run, tmp_path):
    cfg, checkpoint, _ = test_run
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    weights.pop(next(key for key in weights if 'decoder' in key))
    torch.save(dict(state_dict=weights), tmp_path / 'other.pth')
    code, out, err = call(cfg, tmp_path / 'other.pth')
    assert code == 2 and 'does not fit the model of the config' in err
    assert 'persons' not in out
