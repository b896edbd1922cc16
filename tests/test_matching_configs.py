"""Configs of tracking by detection: same detector, same frames, no rows."""
import pytest
from mmengine.config import Config
from mmengine.runner.checkpoint import load_state_dict

from ipmot_mm.registry import MODELS
from ipmot_mm.testing import config_root

pytest.importorskip('lap')
pytest.importorskip('motmetrics')

FOLDER = config_root() / 'synthmot' / 'baselines'
BASE = 'base_1xb8-2e_synthmot-street.py'
MATCHERS = {
    'bytetrack': 'mmdet.ByteTracker',
    'ocsort': 'mmdet.OCSORTTracker',
    'iou': 'mmdet.SORTTracker'
}
SOURCES = ('dab-small', 'oracle')


def load(matcher, source):
    return Config.fromfile(FOLDER / f'{matcher}_{source}_synthmot-street.py')


def base():
    return Config.fromfile(FOLDER.parent / 'ablations' / BASE)


def test_all_configs_are_known():
    names = {path.name for path in FOLDER.glob('*.py')}
    assert names == {
        f'{matcher}_{source}_synthmot-street.py'
        for matcher in MATCHERS for source in SOURCES
    }


@pytest.mark.parametrize('source', SOURCES)
@pytest.mark.parametrize('matcher', sorted(MATCHERS))
def test_frames_and_scores_are_those_of_the_base(matcher, source):
    cfg, row = load(matcher, source), base()
    assert cfg.test_dataloader == row.test_dataloader
    assert cfg.test_evaluator == row.test_evaluator
    assert cfg.model.data_preprocessor == row.model.data_preprocessor
    assert cfg.model.tracker.type == MATCHERS[matcher]
    # else a test without a checkpoint would run on the weights that rows
    # start from
    assert cfg.load_from is None
    assert cfg.get('needs_checkpoint', True) == (source != 'oracle')


@pytest.mark.parametrize('matcher', sorted(MATCHERS))
def test_checkpoint_of_the_base_fits(matcher):
    cfg, row = load(matcher, 'dab-small'), base()
    assert cfg.model.min_area == row.model.tracker.min_area
    model = MODELS.build(cfg.model)
    load_state_dict(model, MODELS.build(row.model).state_dict(), strict=True)


@pytest.mark.parametrize('matcher', sorted(MATCHERS))
def test_perfect_boxes_are_matched_in_the_same_way(matcher):
    cfg = load(matcher, 'oracle').model
    ours = load(matcher, 'dab-small').model
    assert cfg.type == 'OracleMatching' and ours.type == 'TrackingByDetection'
    assert cfg.tracker == ours.tracker
    assert not MODELS.build(cfg).state_dict()
