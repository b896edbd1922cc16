"""mmdet's trackers behind our interface, on boxes made by hand."""
from itertools import permutations

import pytest
import torch
from mmdet.models.trackers import byte_tracker, sort_tracker
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.structures import InstanceData

from ipmot_mm.models.mot.box_matching import BoxMatching

pytest.importorskip('lap')
pytest.importorskip('motmetrics')

MOTION = dict(type='mmdet.KalmanFilter')
TRACKERS = dict(
    byte=dict(
        type='mmdet.ByteTracker',
        motion=MOTION,
        obj_score_thrs=dict(high=0.5, low=0.1),
        init_track_thr=0.5),
    ocsort=dict(
        type='mmdet.OCSORTTracker',
        motion=MOTION,
        obj_score_thr=0.5,
        init_track_thr=0.5),
    iou=dict(
        type='mmdet.SORTTracker',
        motion=MOTION,
        reid=None,
        obj_score_thr=0.5,
        match_iou_thr=0.3))


class ScriptedBoxes(BoxMatching):
    """Detects what the metainfo of a frame says."""

    def detect(self, inputs, frames):
        return [
            InstanceData(
                bboxes=frame.boxes,
                scores=frame.boxes.new_ones(len(frame.boxes)) * 0.9,
                labels=frame.boxes.new_zeros(len(frame.boxes)).long())
            for frame in frames
        ]


def track(model, videos, **kwargs):
    """Boxes (K, 4) and ids (K, ) of each frame, videos one by one."""
    found = []
    for video in videos:
        clip = TrackDataSample()
        clip.video_data_samples = [
            DetDataSample(metainfo=dict(frame_id=t, boxes=boxes))
            for t, boxes in enumerate(video)
        ]
        model(torch.zeros(1, len(video), 3, 8, 8), [clip], mode='predict',
              **kwargs)
        found += [frame.pred_track_instances
                  for frame in clip.video_data_samples]
    return found


def walk(*centres):
    """Boxes of 30 x 60 at these x."""
    return torch.tensor([[x - 15.0, 20, x + 15, 80] for x in centres])


def ids_from_left(tracks):
    return tracks.instances_id[tracks.bboxes[:, 0].argsort()].tolist()


def crossing():
    """Two persons who walk through each other, 12 pixels a frame."""
    return [walk(100 - 51 + 6 * t, 100 + 51 - 6 * t) for t in range(18)]


@pytest.mark.parametrize('name', ['byte', 'ocsort'])
def test_motion_carries_ids_through_a_crossing(name):
    found = track(ScriptedBoxes(tracker=TRACKERS[name]), [crossing()])
    assert ids_from_left(found[0]) == [1, 2]
    assert ids_from_left(found[-1]) == [2, 1]


def test_iou_alone_swaps_ids_at_a_crossing():
    """They change places between two frames: each box lies where the other
    one was."""
    found = track(ScriptedBoxes(tracker=TRACKERS['iou']), [crossing()])
    assert ids_from_left(found[0]) == [1, 2] == ids_from_left(found[-1])


def iou(first, second):
    left, top = max(first[0], second[0]), max(first[1], second[1])
    right, bottom = min(first[2], second[2]), min(first[3], second[3])
    common = max(right - left, 0) * max(bottom - top, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return common / (sum(areas) - common)


def join_by_iou(video, iou_thr=0.3):
    """Ids by trying all pairings of the boxes with those just before."""
    last, count, found = [], 0, []
    for boxes in video:
        boxes = boxes.tolist()
        slots = [None] * len(boxes) + list(range(len(last)))
        best = max(
            set(permutations(slots, len(boxes))),
            key=lambda pick: sum(
                0 if j is None else iou(boxes[i], last[j][0])
                for i, j in enumerate(pick)))
        now = []
        for box, j in zip(boxes, best):
            if j is not None and iou(box, last[j][0]) > iou_thr:
                now.append((box, last[j][1]))
            else:
                count += 1
                now.append((box, count))
        last = now
        found.append([number for _, number in now])
    return found


@pytest.mark.parametrize('seed', range(5))
def test_iou_equals_trying_all_pairings(seed):
    random = torch.Generator().manual_seed(seed)
    corners = torch.rand(4, 2, generator=random) * 60
    video = []
    for _ in range(12):
        corners = corners + torch.randn(4, 2, generator=random) * 8
        seen = torch.rand(4, generator=random) > 0.2
        video.append(torch.cat([corners, corners + 40], 1)[seen])
    found = track(
        ScriptedBoxes(tracker=TRACKERS['iou'], min_area=0.0), [video])
    for tracks, boxes, ids in zip(found, video, join_by_iou(video)):
        assert torch.equal(tracks.bboxes, boxes)
        assert tracks.instances_id.tolist() == ids


@pytest.mark.parametrize('name', sorted(TRACKERS))
def test_frame_zero_forgets_the_video_before(name):
    model = ScriptedBoxes(tracker=TRACKERS[name])
    alone = track(model, [crossing()])
    after = track(model, [[walk(140), walk(141)], crossing()])[2:]
    for first, second in zip(alone, after):
        assert torch.equal(first.instances_id, second.instances_id)
        assert torch.equal(first.bboxes, second.bboxes)


@pytest.mark.parametrize('name', sorted(TRACKERS))
def test_frames_without_boxes(name):
    nothing = torch.zeros(0, 4)
    model = ScriptedBoxes(tracker=TRACKERS[name])
    found = track(model, [[nothing, walk(50), nothing, walk(50, 90), nothing]])
    assert [len(tracks) for tracks in found] == [0, 1, 0, 2, 0]
    assert found[0].instances_id.dtype == torch.int64


def test_small_boxes_are_left_out():
    model = ScriptedBoxes(tracker=TRACKERS['byte'], min_area=64.0)
    boxes = torch.tensor([[0.0, 0, 8, 8], [20, 0, 28, 8.1]])
    found, = track(model, [[boxes]])
    assert torch.equal(found.bboxes, boxes[1:])


def test_reset_forgets_all_tracks():
    model = ScriptedBoxes(tracker=TRACKERS['byte'])
    track(model, [crossing()])
    model.reset()
    assert model.tracker.tracks == {} and model.tracker.num_tracks == 0


def test_batches_states_and_training_are_refused():
    model = ScriptedBoxes(tracker=TRACKERS['iou'])
    with pytest.raises(ValueError, match='one video at a time.*batch of 2'):
        model(torch.zeros(2, 1, 3, 8, 8), [None, None], mode='predict')
    with pytest.raises(ValueError, match='state=dict; set batch_size = 1'):
        track(model, [[walk(50)]], state={})
    with pytest.raises(ValueError, match='is not trained; train the detector'):
        model(torch.zeros(1, 1, 3, 8, 8), [None], mode='loss')


@pytest.mark.parametrize('name, module, package', [
    ('byte', byte_tracker, 'lap'), ('iou', sort_tracker, 'motmetrics')])
def test_a_missing_package_is_named(monkeypatch, name, module, package):
    monkeypatch.setattr(module, package, None)
    kind = TRACKERS[name]['type']
    with pytest.raises(ValueError, match=rf'{kind} needs the package {package}'
                       r'.*pip install "ipmot_mm\[baselines\]"'):
        ScriptedBoxes(tracker=TRACKERS[name])


def test_other_errors_of_the_tracker_pass():
    with pytest.raises(TypeError, match='no_such_option'):
        ScriptedBoxes(tracker=dict(TRACKERS['byte'], no_such_option=1))
