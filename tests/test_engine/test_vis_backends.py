"""Losses and scores reach the backends that a user names."""
import pytest
from visual_runs import backend_of, make_runner

LOSSES = {'loss', 'loss_cls', 'loss_dedup', 'd1.loss_triplet', 'loss_i2tce',
          'loss_i2t', 'track_book_loss'}
SCORES = {'HOTA', 'IDF1', 'MOTA'}


def check(steps):
    """Losses have the steps of iterations, scores those of epochs."""
    names = {name.rsplit('/', 1)[-1] for name in steps}
    assert LOSSES | SCORES <= names, names
    for name, found in steps.items():
        if name.rsplit('/', 1)[-1] in SCORES:
            assert found == [1, 2], name
    assert steps['loss'] == sorted(set(steps['loss']))
    assert len(steps['loss']) >= 2


def test_any_backend(tmp_path):
    runner = make_runner(tmp_path, 'run')
    runner.train()
    steps = {}
    for name, _, step in backend_of(runner).scalars:
        steps.setdefault(name, []).append(step)
    check(steps)


def test_tensorboard(tmp_path):
    pytest.importorskip('tensorboard')
    from tensorboard.backend.event_processing.event_accumulator import \
        EventAccumulator
    runner = make_runner(
        tmp_path, 'run',
        [dict(type='EmbeddingPlotHook', projection='pca', by='track'),
         dict(type='AttentionPlotHook', frame=2)],
        [dict(type='TensorboardVisBackend')])
    runner.train()
    runner.visualizer.close()
    (file, ) = (tmp_path / 'run').rglob('events.out.tfevents.*')
    events = EventAccumulator(str(file), dict(images=0, scalars=0))
    events.Reload()
    check({name: [event.step for event in events.Scalars(name)]
           for name in events.Tags()['scalars']})
    assert set(events.Tags()['images']) == {'val_embeddings', 'val_attention'}
    assert [event.step for event in events.Images('val_attention')] == [1, 2]
