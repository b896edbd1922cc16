"""Pictures of how a validation was scored, for the visualizer's backends."""
import json

import numpy as np
import pytest
from visual_runs import backend_of, make_runner

from ipmot_mm.engine.hooks.error_picture_hook import find_recorded_errors
from ipmot_mm.evaluation import TrackEvalMetric
from ipmot_mm.registry import HOOKS
from ipmot_mm.testing.synthetic import write_tiny_mot

CURVES, PICTURES = dict(type='HOTACurveHook'), dict(type='ErrorPictureHook')


def hook_of(runner, kind):
    return next(each for each in runner.hooks if type(each).__name__ == kind)


def test_pictures_of_each_validation_change_nothing(tmp_path):
    logs = []
    for name, hooks in (('with', [CURVES, PICTURES]), ('without', [])):
        runner = make_runner(tmp_path, name, hooks)
        runner.train()
        names = [(name, step) for name, _, step in backend_of(runner).images]
        assert names == [
            (f'val_{name}', step) for step in (1, 2)
            for name in ('hota_over_alpha', 'worst_frames', 'error_timeline')
        ][:6 * bool(hooks)]
        for _, image, _ in backend_of(runner).images:
            assert image.dtype == np.uint8 and image.std() > 10
        logs.append([
            (key, pytest.approx(value, nan_ok=True), step)
            for key, value, step in backend_of(runner).scalars
            if 'time' not in key
        ])
    assert logs[0] == logs[1]


def test_the_errors_are_those_of_the_scores(tmp_path, monkeypatch):
    """Also where boxes differ from frame to frame; pictures are of the right
    frame."""
    from ipmot_mm.engine.hooks import error_picture_hook as module
    found, read = [], []

    def keep(records, **kwargs):
        found.append(find_recorded_errors(records, **kwargs))
        return found[-1]

    monkeypatch.setattr(module, 'find_recorded_errors', keep)
    real = module.read_image
    monkeypatch.setattr(
        module, 'read_image', lambda path: read.append(path) or real(path))
    runner = make_runner(tmp_path, 'run', [dict(PICTURES, num_frames=50)])
    runner.test()
    scores = next(
        each for each in runner.test_loop.evaluator.metrics
        if isinstance(each, TrackEvalMetric)).sequence_results
    assert len(found[0]) == 2
    for name, (_, errors) in found[0].items():
        for key in ('TP', 'FP', 'FN', 'IDSW'):
            assert errors.counts[key].sum() == scores[name][key], (name, key)
    assert len(read) == len(set(read)) == 2  # 4 frames, 10 apart
    assert all('Tiny-0' in path for path in read)
    assert [each[0] for each in backend_of(runner).images] == [
        'test_worst_frames', 'test_error_timeline'
    ]


def test_interval_and_kind(tmp_path):
    runner = make_runner(tmp_path, 'run', [
        dict(CURVES, interval=2), dict(PICTURES, interval=3, kind='IDSW')])
    for _ in range(4):
        runner.test()
    names = [name for name, *_ in backend_of(runner).images]
    assert names.count('test_hota_over_alpha') == 2
    assert names.count('test_error_timeline') == 2
    assert hook_of(runner, 'ErrorPictureHook')._records == []


def test_the_class_of_the_data_is_that_of_the_errors(tmp_path, monkeypatch):
    from ipmot_mm.engine.hooks import error_picture_hook as module
    found = []
    monkeypatch.setattr(
        module, 'find_recorded_errors', lambda *args, **kwargs:
        found.append(find_recorded_errors(*args, **kwargs)) or found[-1])
    write_tiny_mot(tmp_path / 'data', num_frames=4)
    for path in (tmp_path / 'data').glob('*/gt/gt.txt'):
        rows = [row.split(',') for row in path.read_text().splitlines()]
        path.write_text(''.join(
            ','.join([*row[:7], '3', *row[8:]]) + '\n' for row in rows))
    options = {f'{part}_dataloader.dataset.{key}': value
               for part in ('train', 'val', 'test') for key, value in (
                   ('class_ids', [3]), ('metainfo', dict(classes=('car', ))))}
    runner = make_runner(
        tmp_path, 'run', [PICTURES], **options,
        test_evaluator=dict(type='TrackEvalMetric', benchmark='custom'))
    runner.test()
    metric, = runner.test_loop.evaluator.metrics
    for name, (_, errors) in found[0].items():
        assert metric.sequence_results[name]['FN'] > 0
        for key in ('FP', 'FN'):
            assert (errors.counts[key].sum() ==
                    metric.sequence_results[name][key])


def test_no_rank_keeps_tracks_for_the_next_epoch(tmp_path, monkeypatch):
    from ipmot_mm.engine.hooks import error_picture_hook, score_picture_hook
    monkeypatch.setattr(score_picture_hook, 'is_main_process', lambda: False)
    seen = []
    monkeypatch.setattr(
        error_picture_hook, 'all_gather_object',
        lambda parts: seen.append(len(parts[0])) or [parts, ([], {})])
    runner = make_runner(tmp_path, 'run', [PICTURES])
    runner.test()
    runner.test()
    assert seen == [8, 8]


def test_without_a_metric_of_ours_nothing_is_drawn(tmp_path, capsys):
    runner = make_runner(tmp_path, 'run', [CURVES, PICTURES])
    metric, = runner.test_loop.evaluator.metrics
    metric.metrics = ('CLEAR', )
    runner.test()
    assert 'HOTA among its metrics' in capsys.readouterr().out
    hook = hook_of(runner, 'ErrorPictureHook')
    before = len(backend_of(runner).images)
    hook.draw(runner, None, 'test', 0)
    assert len(backend_of(runner).images) == before
    assert 'data of one class' in capsys.readouterr().out


def test_curves_on_the_disk(tmp_path):
    runner = make_runner(tmp_path, 'run', [CURVES],
                         backends=[dict(type='LocalVisBackend')], epochs=1)
    runner.train()
    images = list((tmp_path / 'run').glob('*/vis_data/vis_image/*.png'))
    assert [path.name for path in images] == ['val_hota_over_alpha_1.png']
    scalars, = (tmp_path / 'run').glob('*/vis_data/scalars.json')
    last = json.loads(scalars.read_text().splitlines()[-1])
    assert last['step'] == 1


@pytest.mark.parametrize('cfg, message', [
    (dict(CURVES, interval=0), 'interval must be a positive integer'),
    (dict(PICTURES, kind='MT'), 'kind must be one of all, FP, FN, IDSW'),
    (dict(type='NearestIdentitiesHook', interval=1.5), 'got 1.5'),
])
def test_settings_are_checked(cfg, message):
    with pytest.raises(ValueError, match=message):
        HOOKS.build(cfg)
