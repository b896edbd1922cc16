"""The shipped config, from training to mmtrack's scores, as a user runs it."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine import registry as roots
from mmengine.config import Config
from mmengine.registry import Registry

ROOT = Path(__file__).resolve().parents[3]
LEAF = (ROOT / 'configs/mmtrack' /
        'ipmot_dab-small_1xb8-2e_synthmot-street-cocovid.py')
RUN = '''
_base_ = {leaf!r}
val_evaluator = [
    dict(type='MOTChallengeMetrics'),
    dict(type='ipmot_mm.TrackEvalMetric', benchmark='MOT17', prefix='ours')
]
# an untrained tracker that reports boxes
model = dict(
    track_book=dict(clip=dict(pretrained=None)),
    tracker=dict(newborn_score_thr=0.02, track_score_thr=0.02,
                 output_score_thr=0.02, min_area=0.0))
train_cfg = dict(max_epochs=1)
custom_hooks = []
train_dataloader = dict(
    batch_size=6, dataset=dict(dataset=dict(data_root={data!r})))
val_dataloader = dict(
    dataset=dict(data_root={data!r},
                 ann_file='annotations/half-val_cocoformat.json'))
default_hooks = dict(
    logger=dict(interval=1), visualization=dict(draw=True, interval=1))
'''


def test_trains_and_validates(cocovid, tmp_path):
    config = tmp_path / 'toy.py'
    config.write_text(RUN.format(leaf=str(LEAF), data=str(cocovid)))
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', 'tools/train.py', config,
         '--work-dir', tmp_path / 'work'],
        cwd=ROOT,
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1'),
        capture_output=True,
        text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    lines, = (tmp_path / 'work').glob('*/vis_data/scalars.json')
    *steps, scores = map(json.loads, lines.read_text().splitlines())
    assert len(steps) == 2  # 11 clips, six in a batch
    assert all(step['loss_i2t'] > 0 and step['loss_cls'] > 0
               for step in steps)
    for name in ('HOTA', 'MOTA', 'IDF1', 'TP', 'FP', 'FN'):
        assert scores[f'motchallenge-metric/{name}'] == pytest.approx(
            scores[f'ours/{name}'], abs=1e-6), name
    assert scores['ours/TP'] + scores['ours/FP'] > 0
    assert 'TrackBook: 4 identities' in done.stdout
    drawn = list((tmp_path / 'work').glob('*/vis_data/vis_image/*.png'))
    assert len(drawn) == 2 + 2  # half of six frames, and of five


def nodes(cfg):
    if isinstance(cfg, dict):
        yield cfg
        cfg = list(cfg.values())
    if isinstance(cfg, (list, tuple)):
        for value in cfg:
            yield from nodes(value)


@pytest.mark.usefixtures('mmtrack_scope')
def test_every_type_resolves():
    """Bare names in mmtrack's scope, but inside of the model in ours."""
    cfg = Config.fromfile(LEAF)
    assert cfg.default_scope == 'mmtrack'
    everywhere = [each for each in vars(roots).values()
                  if isinstance(each, Registry)]
    model = cfg._cfg_dict.pop('model')
    for scope, part in (('mmtrack', cfg._cfg_dict), ('ipmot_mm', model)):
        types = {node['type'] for node in nodes(part) if 'type' in node}
        assert len(types) > 10
        lost = {
            name for name in types if all(
                each.get(name if '.' in name else f'{scope}.{name}') is None
                for each in everywhere)
        }
        assert not lost


def test_trains_what_the_config_of_this_package_trains():
    row = Config.fromfile(
        ROOT / 'configs/synthmot/ablations/full_1xb8-2e_synthmot-street.py')
    cfg = Config.fromfile(LEAF)
    del cfg.model['_scope_'], cfg.model.track_book['_scope_']
    assert cfg.model == row.model and cfg.load_from == row.load_from
    assert cfg.param_scheduler == row.param_scheduler
    assert cfg.auto_scale_lr == row.auto_scale_lr
    for key in ('optim_wrapper', 'custom_hooks'):
        text = repr(cfg[key]).replace('ipmot_mm.', '')
        assert text == repr(row[key]), key
    assert cfg.train_dataloader.batch_size == row.train_dataloader.batch_size
    hooks = {name: hook.type.split('.')[-1]
             for name, hook in cfg.default_hooks.items()}
    ours = {name: hook.type for name, hook in row.default_hooks.items()}
    assert hooks == {
        **ours, 'runtime_info': 'RuntimeInfoHook',
        'visualization': 'TrackVisualizationHook'
    }
