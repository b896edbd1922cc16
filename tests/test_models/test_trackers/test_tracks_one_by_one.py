"""The tracker on slots against rules written down track by track."""
import pytest
import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps

from ipmot_mm.models.trackers import QueryTracker
from ipmot_mm.structures import NO_ID, QueryOutputs, TrackQueries

QD, DIMS, VIDEOS, FRAMES = 7, 4, 3, 40
ORI_SHAPES = [(200, 100), (50, 80), (1080, 1920)]


class OneByOne:
    """One video, in loops and lists."""

    def __init__(self, rules):
        self.rules, self.tracks, self.num_ids = rules, [], 0

    def frame(self, scores, labels, boxes, ori_shape):
        """Returns (id, label, score, box) of the reported tracks."""
        rules, survivors, seen = self.rules, [], []
        for slot, track in enumerate(self.tracks):
            query = QD + slot
            is_seen = scores[query] >= rules.track_score_thr
            missed = 0 if is_seen else track['missed'] + 1
            if missed < rules.miss_tolerance:
                survivors.append(dict(track, missed=missed, query=query))
                if is_seen:
                    seen.append(query)
        newborns = [
            query for query in range(QD)
            if scores[query] >= rules.newborn_score_thr
            and not any(self.overlap(boxes, query, each) for each in seen)
        ]
        num_free = max(rules.max_tracks - len(survivors), 0)
        best = sorted(newborns, key=lambda query: -scores[query])[:num_free]
        self.tracks = survivors
        for query in sorted(best):
            self.num_ids += 1
            self.tracks.append(
                dict(id=self.num_ids, label=labels[query], missed=0,
                     query=query))
        return [(track['id'], track['label'], scores[track['query']], box)
                for track in self.tracks
                for box in [self.pixels(boxes[track['query']], ori_shape)]
                if scores[track['query']] > rules.output_score_thr and
                (box[2] - box[0]) * (box[3] - box[1]) > rules.min_area]

    def overlap(self, boxes, first, second):
        if self.rules.newborn_iou_thr is None:
            return False
        pair = bbox_cxcywh_to_xyxy(torch.tensor([boxes[first],
                                                 boxes[second]]))
        return bbox_overlaps(pair[:1], pair[1:]) > self.rules.newborn_iou_thr

    @staticmethod
    def pixels(box, ori_shape):
        (cx, cy, w, h), (height, width) = box, ori_shape
        return [(cx - w / 2) * width, (cy - h / 2) * height,
                (cx + w / 2) * width, (cy + h / 2) * height]


def random_frame(tracks, generator):
    """Scores near 0.5 and boxes in two places, so that many overlap."""
    num_queries = QD + len(tracks)
    scores = torch.rand(VIDEOS, num_queries, generator=generator)
    boxes = torch.rand(1, VIDEOS, num_queries, 4, generator=generator) / 10
    boxes += torch.randint(1, 3, (1, VIDEOS, num_queries, 1),
                           generator=generator) / 4
    hidden = torch.zeros(1, VIDEOS, num_queries, DIMS)
    logits = torch.stack([scores.logit(), scores.logit() - 1], -1)
    flip = torch.rand(scores.shape, generator=generator) < 0.5
    logits = torch.where(flip[..., None], logits.flip(-1), logits)
    return QueryOutputs(
        num_detect_queries=QD,
        num_detect_only_layers=0,
        valid=torch.cat(
            [torch.ones(VIDEOS, QD, dtype=torch.bool), tracks.valid], 1),
        cls_logits=logits[None],
        bboxes=boxes,
        hidden_states=hidden,
        last_content=hidden[0],
        last_anchors=boxes[0])


def next_tracks(selection):
    """What an updater would hand on."""
    shape = selection.ids.shape
    return TrackQueries(
        content=torch.zeros(*shape, DIMS),
        anchors=torch.zeros(*shape, 4),
        ids=selection.ids,
        labels=selection.labels,
        scores=selection.scores,
        ious=selection.ious,
        num_frames_missed=selection.num_frames_missed,
        valid=selection.valid)


RULES = [
    dict(),
    dict(miss_tolerance=1),
    dict(miss_tolerance=3, newborn_score_thr=.8, output_score_thr=.3),
    dict(miss_tolerance=4, max_tracks=9),
    dict(miss_tolerance=2, max_tracks=3, newborn_score_thr=.2),
    dict(miss_tolerance=5, newborn_iou_thr=.4, newborn_score_thr=.3),
    dict(miss_tolerance=3, newborn_iou_thr=.2, max_tracks=6,
         track_score_thr=.3),
]


@pytest.mark.parametrize('rules', RULES, ids=str)
@pytest.mark.parametrize('min_slots', [1, 16])
def test_same_tracks_as_one_by_one(rules, min_slots):
    tracker = QueryTracker(min_area=5.0, min_slots=min_slots, **rules)
    naive = [OneByOne(tracker) for _ in range(VIDEOS)]
    tracks = TrackQueries.empty(VIDEOS, DIMS, num_slots=min_slots)
    num_ids = torch.zeros(VIDEOS, dtype=torch.long)
    generator = torch.Generator().manual_seed(0)
    num_reported = num_short = 0
    for _ in range(FRAMES):
        outputs = random_frame(tracks, generator)
        answer = tracker(outputs, tracks, num_ids, len(tracks))
        wanted = int(answer[2].num_wanted.max())
        size = tracker.num_slots(wanted, len(tracks))
        if wanted > len(tracks):  # once more, with room for all
            num_short += 1
            answer = tracker(outputs, tracks, num_ids, size)
        selection, num_ids, report = answer
        tracks = next_tracks(selection).resize(size)
        for video, each in enumerate(naive):
            reported = each.frame(
                outputs.scores[video].tolist(), outputs.labels[video].tolist(),
                outputs.bboxes[-1, video].tolist(), ORI_SHAPES[video])
            ours = tracker.results(report, video, ORI_SHAPES[video])
            compare(each, tracks, video, int(num_ids[video]))
            assert ours.instances_id.tolist() == [row[0] for row in reported]
            assert ours.labels.tolist() == [row[1] for row in reported]
            assert ours.scores.tolist() == [row[2] for row in reported]
            torch.testing.assert_close(
                ours.bboxes,
                torch.tensor([row[3] for row in reported]).reshape(-1, 4))
            num_reported += len(reported)
    assert num_reported > 100 and num_ids.min() > 5
    assert num_short > 0 or min_slots > 1


def compare(naive, tracks, video, num_ids):
    """Living tracks and their counters, and nothing behind them."""
    count = len(naive.tracks)
    assert num_ids == naive.num_ids
    assert tracks.valid[video].tolist() == [
        slot < count for slot in range(len(tracks))]
    assert (tracks.ids[video, count:] == NO_ID).all()
    for name, key in (('ids', 'id'), ('labels', 'label'),
                      ('num_frames_missed', 'missed')):
        assert getattr(tracks, name)[video, :count].tolist() == [
            track[key] for track in naive.tracks], name
