"""mmtrack's metric and ours on the same tracks, in one evaluator."""
import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.registry import VISUALIZERS
from mmengine.runner import Runner
from mmengine.structures import InstanceData

pytestmark = pytest.mark.usefixtures('mmtrack_scope')
NAMES = ('HOTA', 'DetA', 'AssA', 'MOTA', 'MOTP', 'IDF1', 'IDSW', 'TP', 'FP',
         'FN', 'Frag', 'MT', 'ML', 'IDTP', 'IDFP', 'IDFN', 'IDP', 'IDR')


@pytest.fixture(params=['train', 'half-val'])
def loader(request, make_source_cfg):
    return Runner.build_dataloader(
        dict(
            batch_size=1,
            num_workers=0,
            sampler=dict(type='VideoSampler'),
            dataset=make_source_cfg(request.param, test_mode=True)))


def perfect(objects, random):
    """The ground truth under other ids."""
    return objects.bboxes, objects.instances_ids + 100


def rough(objects, random):
    """Boxes moved and dropped, ids that now and then are others.

    Moved by eighths of pixels: mmtrack writes three decimals, we write six.
    """
    keep = torch.from_numpy(random.random(len(objects)) < 0.9)
    boxes = objects.bboxes + torch.from_numpy(
        random.integers(-20, 21, (len(objects), 4)) / 8).float()
    ids = objects.instances_ids + 10 * int(random.random() < 0.3)
    return boxes[keep], ids[keep]


def scores(loader, track):
    """Of both metrics, for tracks made of the ground truth."""
    evaluator = Evaluator([
        dict(type='MOTChallengeMetrics', benchmark='MOT17'),
        dict(
            type='ipmot_mm.TrackEvalMetric', benchmark='MOT17', prefix='ours')
    ])
    random = np.random.default_rng(0)
    results = []
    for _ in range(2):  # as in a training with two validations
        for batch in loader:
            sample, = batch['data_samples']
            for frame in sample.video_data_samples:
                boxes, ids = track(frame.gt_instances, random)
                frame.pred_track_instances = InstanceData(
                    bboxes=boxes,
                    instances_id=ids,
                    labels=torch.zeros_like(ids),
                    scores=torch.ones(len(ids)))
            evaluator.process([sample], batch)
        results.append(evaluator.evaluate(len(loader.dataset)))
    return results


def test_perfect_tracks_score_one(loader):
    for found in scores(loader, perfect):
        for name in ('HOTA', 'MOTA', 'IDF1'):
            assert found[f'motchallenge-metric/{name}'] == pytest.approx(1)
            assert found[f'ours/{name}'] == pytest.approx(1)


def test_both_metrics_say_the_same(loader):
    for found in scores(loader, rough):
        for name in NAMES:
            assert found[f'motchallenge-metric/{name}'] == pytest.approx(
                found[f'ours/{name}'], abs=1e-9), name
        assert 0.2 < found['ours/HOTA'] < 0.9


def test_hook_of_mmtrack_draws_what_the_model_returns(loader, tmp_path):
    visualizer = VISUALIZERS.build(
        dict(
            type='TrackLocalVisualizer',
            name='mmtrack_scores',
            vis_backends=[dict(type='LocalVisBackend')],
            save_dir=str(tmp_path)))
    visualizer.dataset_meta = loader.dataset.metainfo
    sample = next(iter(loader))['data_samples'][0]
    objects = sample[0].gt_instances
    sample[0].pred_track_instances = InstanceData(
        bboxes=objects.bboxes[:1],
        instances_id=objects.instances_ids[:1],
        labels=objects.labels[:1],
        scores=torch.ones(1))
    out_file = tmp_path / 'drawn.png'
    visualizer.add_datasample(
        'frame',
        np.zeros((48, 64, 3), np.uint8),
        data_sample=sample,
        out_file=str(out_file))
    import cv2
    left, right = np.split(cv2.imread(str(out_file)), 2, axis=1)
    assert left.any() and right.any() and (left != right).any()
