"""The graph before it is exported, and what it refuses."""
import warnings

import cv2
import numpy as np
import pytest
import torch
from export_samples import PIPELINE, SIZE, GraphTracker, noise, small_tracker
from mmengine.config import Config

from ipmot_mm.apis import init_tracker
from ipmot_mm.export import (ONNXTracker, ProgramTracker, compare, export_onnx,
                             export_program)
from ipmot_mm.export.frame_graph import FrameGraph
from ipmot_mm.models.trackers import QueryTracker
from ipmot_mm.registry import TASK_UTILS

EXPORTS = [export_onnx, export_program]


def test_full_slots_are_those_of_max_tracks():
    model = small_tracker(seed=2)
    tracker = GraphTracker(model, 5)
    limited = small_tracker(seed=2, max_tracks=5)
    with pytest.warns(UserWarning, match='all 5 slots hold a track and . more '
                      r'persons wait; .*\(--num-slots\)'):
        found = compare(limited, tracker, noise())
    assert found.is_equal and found.num_waiting > 0
    # it is said once
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        tracker.update(noise()[0])
    assert compare(model, tracker, noise()).other_ids


def test_those_who_wait_are_counted():
    model, frame = small_tracker(seed=2), noise(1)[0]
    roomy = GraphTracker(model, 40)
    num_born = len(roomy.update(frame).instances_id)
    assert num_born > 3 and roomy.num_waiting == 0
    tight = GraphTracker(model, num_born - 2)
    with pytest.warns(UserWarning, match='and 2 more persons wait'):
        assert len(tight.update(frame).instances_id) == num_born - 2
    assert tight.num_waiting == 2


@pytest.mark.parametrize('name, error', [('bboxes', 0.6),
                                         ('scores', 0.01)])
def test_other_boxes_and_scores_are_found(name, error):

    class Wrong(GraphTracker):

        def update(self, frame):
            tracks = super().update(frame)
            return tracks._replace(**{name: getattr(tracks, name) + error})

    model = small_tracker()
    found = compare(model, Wrong(model, 40), noise(3))
    assert found.num_tracks > 3 and not found.other_ids
    assert not found.is_equal
    # of boxes as a share of the frame, whose height is the smaller side
    wrong, right = found.box_error, found.score_error
    if name == 'scores':
        wrong, right, error = right, wrong, error * SIZE[0]
    assert wrong == pytest.approx(error / SIZE[0], rel=1e-2)
    assert right < 1e-4


def test_the_model_is_left_as_it_was():
    model = small_tracker()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    FrameGraph(model, SIZE, 5)
    assert model.tracker.max_tracks == 500
    assert model.detector.bbox_head.embed_branches is not None
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_larger_frames_of_the_same_shape_are_resized():
    model = small_tracker()
    tracker, large = GraphTracker(model, 40), GraphTracker(model, 40)
    for frame in noise(4):
        double = np.repeat(np.repeat(frame, 2, 0), 2, 1)
        assert np.array_equal(cv2.resize(double, SIZE[::-1]), frame)
        tracks, doubled = tracker.update(frame), large.update(double)
        assert len(tracks.instances_id)
        np.testing.assert_allclose(doubled.bboxes, 2 * tracks.bboxes, 1e-6)
        assert doubled.instances_id.tolist() == tracks.instances_id.tolist()


@pytest.mark.parametrize('key, dataset, classes', [
    ('test_dataloader', None, ['pedestrian']),
    ('test_dataloader', dict(metainfo=None), ['pedestrian']),
    ('test_dataloader', dict(metainfo=dict(classes=('a', 'b'))), ['a', 'b']),
    ('test_dataloader', dict(type='ConcatClipDataset', datasets=[
        dict(type='MOTClipDataset', metainfo=dict(classes=('c', )))]), ['c']),
    ('other', None, ['pedestrian'])])
def test_classes_are_those_of_the_test_data(key, dataset, classes):
    model = small_tracker()
    model.cfg[key] = dataset if dataset is None else dict(dataset=dataset)
    assert GraphTracker(model, 5).metadata['classes'] == classes


def test_frames_of_another_shape_are_refused():
    tracker = GraphTracker(small_tracker(), 5)
    with pytest.raises(ValueError, match='60 x 48 pixels .* 48 x 60; export '
                       'it again with --size 60 48'):
        tracker.update(noise(1, size=(60, 48))[0])
    with pytest.raises(ValueError, match='BGR uint8 array of shape'):
        tracker.update(np.zeros((48, 60), np.uint8))


@TASK_UTILS.register_module()
class LateTracker(QueryTracker):
    """Reports outside of the graph."""

    def results(self, *args):
        return super().results(*args)


@TASK_UTILS.register_module()
class CountingTracker(QueryTracker):
    """Works as long as there are tracks."""

    def __call__(self, outputs, tracks, *args):
        for _ in range(int(tracks.valid.sum())):
            pass
        return super().__call__(outputs, tracks, *args)


@pytest.mark.parametrize('export', EXPORTS)
def test_parts_that_do_not_fit_a_graph(export, tmp_path):
    path = tmp_path / 'x'
    with pytest.raises(ValueError, match='tracker LateTracker cannot be exp'):
        export(small_tracker(type='LateTracker'), path, frame_size=SIZE)
    with pytest.raises(ValueError, match='CountingTracker and QueryUpdater '
                       'cannot be exported: .* look into your own'):
        export(small_tracker(type='CountingTracker'), path, frame_size=SIZE)
    assert not path.exists()


@pytest.mark.parametrize('export', EXPORTS)
def test_wrong_arguments(export):
    model = small_tracker()
    with pytest.raises(ValueError, match='num_slots must be a positive'):
        export(model, 'x', frame_size=SIZE, num_slots=0)
    with pytest.raises(ValueError, match='frame_size must be the height'):
        export(model, 'x', frame_size=(0, 4))


def test_tracking_by_detection_is_refused():
    model = init_tracker(Config(dict(
        model=dict(type='OracleMatching', tracker=dict(
            type='mmdet.ByteTracker', motion=dict(
                type='mmdet.KalmanFilter'))),
        test_pipeline=PIPELINE)))
    with pytest.raises(ValueError, match='only trackers with track queries .*'
                       'got OracleMatching'):
        export_onnx(model, 'x', frame_size=SIZE)


def test_other_preparation_is_refused():
    pipeline = [PIPELINE[0], dict(type='ClipRandomFlip', prob=1.0),
                PIPELINE[1]]
    with pytest.raises(ValueError, match='does more to a frame than to'):
        export_onnx(small_tracker(pipeline=pipeline), 'x', frame_size=SIZE)


@pytest.mark.parametrize('kind, name', [(ONNXTracker, 'x.onnx'),
                                        (ProgramTracker, 'x.pt2')])
def test_wrong_files(kind, name, tmp_path):
    pytest.importorskip('onnxruntime')
    with pytest.raises(FileNotFoundError, match='does not exist; write one'):
        kind(tmp_path / name)
    (tmp_path / name).write_bytes(b'nothing')
    with pytest.raises(ValueError, match='cannot be read as'):
        kind(tmp_path / name)


@pytest.mark.parametrize('export, module', [(export_onnx, 'onnxscript'),
                                            (export_onnx, 'onnx')])
def test_missing_packages(export, module, monkeypatch):
    monkeypatch.setattr('ipmot_mm.export.export.find_spec',
                        lambda name: None if name == module else name)
    with pytest.raises(ValueError, match=f'needs {module}; pip install'):
        export(small_tracker(), 'x', frame_size=SIZE)
