"""Embeddings of each validation for the backends of the visualizer."""
import numpy as np
import pytest
from visual_runs import backend_of, make_runner

from ipmot_mm.registry import HOOKS

HOOK = dict(type='EmbeddingPlotHook', projection='pca', min_gap=1)


def test_pictures_change_no_score_and_no_loss(tmp_path):
    """A picture of each validation, and no number by track: there is nothing
    to be right about."""
    logs = []
    for name, hooks in (('with', [dict(HOOK, by='track')]), ('without', [])):
        runner = make_runner(tmp_path, name, hooks)
        tracker = runner.model.tracker
        runner.train()
        assert runner.model.tracker is tracker
        images = backend_of(runner).images
        assert [(name, step) for name, _, step in images] == [
            ('val_embeddings', 1), ('val_embeddings', 2)][:2 * len(hooks)]
        assert all(image.dtype == np.uint8 and image.shape[2] == 3
                   for _, image, _ in images)
        logs.append([
            (key, pytest.approx(value, nan_ok=True), step)
            for key, value, step in backend_of(runner).scalars
            if 'time' not in key])
    assert logs[0] == logs[1] and len(logs[0]) > 20


def test_in_a_test_persons_are_matched_in_pixels_of_the_original(tmp_path):
    """The truth as prediction: all persons are known, whatever the scale."""
    runner = make_runner(tmp_path, 'run', [HOOK])
    hook = next(hook for hook in runner.hooks
                if type(hook).__name__ == 'EmbeddingPlotHook')
    seen, see = [], hook.see

    def tell_truth(frame, place):
        tracks, truth = frame.pred_track_instances, frame.gt_instances
        count = min(len(tracks), len(truth))
        assert frame.scale_factor != (1.0, 1.0)
        tracks = tracks[:count]
        tracks.bboxes = truth.bboxes[:count] / truth.bboxes.new_tensor(
            frame.scale_factor * 2)
        tracks.from_track_query[:] = True
        frame.pred_track_instances = tracks
        see(frame, place)
        seen.append((hook._tables[-1].gt_ids.tolist(),
                     truth.instances_ids[:count].tolist()))

    hook.see = tell_truth
    runner.test()
    assert len(seen) == 4  # of the first video alone
    assert all(ours == theirs and ours for ours, theirs in seen)
    names = {name for name, *_ in backend_of(runner).scalars}
    assert {'test_embedding_accuracy', 'test_embedding_chance'} <= names


def test_video_interval_and_frames(tmp_path):
    hook = dict(HOOK, by='track', video='Tiny-02', interval=2, num_frames=2)
    runner = make_runner(tmp_path, 'run', [hook])
    watcher = next(hook for hook in runner.hooks
                   if type(hook).__name__ == 'EmbeddingPlotHook')
    lengths, draw = [], watcher.draw

    def count(*args):
        lengths.append(len(watcher._tables))
        assert watcher._chosen[1] == 'Tiny-02'
        return draw(*args)

    watcher.draw = count
    for _ in range(3):
        runner.test()
    assert len(backend_of(runner).images) == 2
    assert lengths == [2, 2]


def test_nothing_to_draw_is_no_error(tmp_path):
    runner = make_runner(tmp_path, 'run', [dict(HOOK, video='Missing')])
    runner.test()
    assert backend_of(runner).images == []


@pytest.mark.parametrize('changes, text', [
    (dict(interval=0), 'interval must be a positive integer, got 0'),
    (dict(by='person'), 'by must be one of'),
    (dict(projection='umap'), 'projection must be one of')])
def test_wrong_settings(changes, text):
    with pytest.raises(ValueError, match=text):
        HOOKS.build(dict(HOOK, **changes))
