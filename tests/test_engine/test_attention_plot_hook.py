"""Attention of each validation for the backends of the visualizer."""
import cv2
import numpy as np
import pytest
from visual_runs import backend_of, make_runner

HOOK = dict(type='AttentionPlotHook', frame=3)


def hook_of(runner):
    return next(hook for hook in runner.hooks
                if type(hook).__name__ == 'AttentionPlotHook')


def test_a_picture_and_numbers(tmp_path):
    runner = make_runner(tmp_path, 'run', [HOOK])
    tracker = runner.model.tracker
    runner.val()
    assert runner.model.tracker is tracker
    backend = backend_of(runner)
    assert [(name, step) for name, _, step in backend.images] == [
        ('val_attention', 0)]
    assert [name for name, value, _ in backend.scalars
            if 'attention' in name and 0 <= value <= 1] == [
                'val_attention_twins', 'val_attention_chance']


@pytest.mark.parametrize('num_frames', [1, 2])
@pytest.mark.parametrize('frame, expected', [(3, '000003'), (9, '000004')])
def test_it_is_the_frame_asked_for(tmp_path, num_frames, frame, expected):
    """Also where several frames come at once, or there are fewer."""
    options = {'test_dataloader.sampler.num_frames': num_frames}
    runner = make_runner(
        tmp_path, 'run', [dict(HOOK, frame=frame, layer='dedup')], **options)
    hook = hook_of(runner)
    seen, see = [], hook.see

    def compare(sample, place):
        see(sample, place)
        if sample.frame_id == int(expected) - 1:
            attention = hook._attention
            tracks = sample.pred_track_instances
            for score, who in zip(tracks.scores, tracks.instances_id):
                (row, ) = np.flatnonzero(attention.track_ids == int(who))
                seen.append(abs(float(score) - attention.scores[row]))

    hook.see = compare
    runner.test()
    assert len(seen) == 6 and max(seen) < 1e-7
    assert hook._image_path.endswith(f'Tiny-01/img1/{expected}.jpg')


def test_pictures_are_files_of_the_local_backend(tmp_path):
    runner = make_runner(
        tmp_path, 'run', [HOOK], [dict(type='LocalVisBackend')])
    runner.test()
    (file, ) = (tmp_path / 'run').rglob('test_attention_*.png')
    assert cv2.imread(str(file)).shape[1] > 300


def test_a_layer_that_is_not_there_is_refused_before_the_training(tmp_path):
    runner = make_runner(tmp_path, 'run', [dict(HOOK, layer=7)])
    with pytest.raises(ValueError, match='layer must be "dedup" or'):
        runner.train()
    assert runner.epoch == 0 and backend_of(runner).scalars == []
