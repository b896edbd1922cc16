"""Birth, miss, death and report, from rows of scores."""
import pytest
import torch

from ipmot_mm.models.trackers import QueryTracker
from ipmot_mm.structures import NO_ID, TrackQueries
from ipmot_mm.testing import make_outputs, make_tracks

QD = 2
ORI_SHAPE = (200, 100)  # height, width in pixels
BOX = [0.5, 0.5, 0.4, 0.4]


def outputs_of(scores, boxes=None, **kwargs):
    """One frame whose queries have these scores s."""
    boxes = [BOX] * len(scores) if boxes is None else boxes
    return make_outputs(
        torch.tensor(boxes, dtype=torch.float)[None, None],
        torch.tensor(scores, dtype=torch.float)[None, None, :, None], QD,
        **kwargs)


def track(tracker, outputs, tracks=None, num_ids=0, num_slots=None):
    """Results of one frame of one video, and what lives on, trimmed."""
    tracks = TrackQueries.empty(1, 8) if tracks is None else tracks
    num_slots = outputs.num_queries if num_slots is None else num_slots
    selection, num_ids, report = tracker(outputs, tracks,
                                         torch.tensor([num_ids]), num_slots)
    count = int(selection.valid.sum())
    assert selection.valid[0, :count].all()  # no holes
    assert (selection.ids[0, count:] == NO_ID).all()
    assert (selection.query_inds[0, count:] == 0).all()
    assert report.num_wanted.tolist() == [count]
    living = {
        name: getattr(selection, name)[0, :count]
        for name in ('query_inds', 'ids', 'labels', 'scores', 'ious',
                     'num_frames_missed')
    }
    return tracker.results(report, 0, ORI_SHAPE), living, int(num_ids)


class Video:
    """A tracker fed with scores of ids instead of scores of positions."""

    def __init__(self, **kwargs):
        self.tracker = QueryTracker(**kwargs)
        self.tracks, self.num_ids = TrackQueries.empty(1, 8), 0

    def frame(self, detect, tracks=None):
        """Returns reported ids, living ids and their missed frames."""
        scores = [*detect
                  ] + [(tracks or {})[i] for i in self.tracks.ids[0].tolist()]
        report, living, self.num_ids = track(
            self.tracker, outputs_of(scores), self.tracks, self.num_ids)
        ids, missed = (
            living[name].tolist() for name in ('ids', 'num_frames_missed'))
        self.tracks = make_tracks(ids, num_frames_missed=missed)
        return report.instances_id.tolist(), dict(zip(ids, missed))


def test_life_cycle_row_by_row():
    video = Video(miss_tolerance=3)
    rows = [
        # detect, {id: score}, reported, {id: frames missed}
        ((.9, .1), {}, [1], {1: 0}),  # birth, reported at once
        ((.1, .8), {1: .9}, [1, 2], {1: 0, 2: 0}),
        ((.1, .1), {1: .4, 2: .9}, [2], {1: 1, 2: 0}),  # 1 misses
        ((.1, .1), {1: .5, 2: .1}, [], {1: 0, 2: 1}),  # 1 is back, not above
        ((.1, .1), {1: .2, 2: .1}, [], {1: 1, 2: 2}),
        ((.1, .1), {1: .2, 2: .1}, [], {1: 2}),  # 2 dies
        ((.7, .6), {1: .9}, [1, 3, 4], {1: 0, 3: 0, 4: 0}),  # 2 is not reused
        ((.1, .1), {1: .1, 3: .1, 4: .9}, [4], {1: 1, 3: 1, 4: 0}),
        ((.1, .1), {1: .1, 3: .1, 4: .9}, [4], {1: 2, 3: 2, 4: 0}),
        ((.9, .1), {1: .1, 3: .6, 4: .9}, [3, 4, 5], {3: 0, 4: 0, 5: 0}),
    ]
    for number, (detect, tracks, reported, missed) in enumerate(rows):
        assert video.frame(detect, tracks) == (reported, missed), number


@pytest.mark.parametrize('tolerance', [1, 2, 5])
def test_identity_survives_one_frame_less_than_the_tolerance(tolerance):
    video = Video(miss_tolerance=tolerance)
    video.frame((.9, 0))
    for missed in range(1, tolerance):
        assert video.frame((0, 0), {1: 0.}) == ([], {1: missed})
    assert video.frame((0, 0), {1: .9}) == ([1], {1: 0})
    for _ in range(tolerance - 1):
        video.frame((0, 0), {1: 0.})
    assert video.frame((0, 0), {1: 0.}) == ([], {})
    assert video.frame((.9, 0)) == ([2], {2: 0})  # a dead id stays dead


def test_two_videos_of_one_tracker_do_not_share_ids():
    first, second = Video(), Video()
    second.tracker = first.tracker
    assert first.frame((.9, .9))[0] == [1, 2]
    assert second.frame((.1, .9))[0] == [1]
    assert first.frame((.9, .1), {1: .9, 2: .9})[0] == [1, 2, 3]
    assert second.frame((.9, .1), {1: .9})[0] == [1, 2]


def test_thresholds_are_apart():
    video = Video(
        track_score_thr=.3, newborn_score_thr=.7, output_score_thr=.6)
    assert video.frame((.69, .7)) == ([1], {1: 0})
    assert video.frame((0, 0), {1: .4}) == ([], {1: 0})  # seen, not reported
    assert video.frame((0, 0), {1: .29}) == ([], {1: 1})
    assert video.frame((0, 0), {1: .61}) == ([1], {1: 0})


def test_score_is_the_root_of_both_confidences():
    outputs = outputs_of([.9, .5], dedup_scores=torch.tensor([[.27, .51]]))
    report, living, _ = track(QueryTracker(), outputs)
    # .9 * .27 < .25 <= .5 * .51
    assert report.instances_id.tolist() == [1]
    assert living['query_inds'].tolist() == [1]
    assert float(report.scores) == pytest.approx((.5 * .51)**.5, abs=1e-5)


def test_boxes_are_pixels_of_the_original_frame_not_clipped():
    outputs = outputs_of([.9, .1], boxes=[[.1, .5, .4, .2], BOX])
    report, _, _ = track(QueryTracker(), outputs)
    torch.testing.assert_close(report.bboxes,
                               torch.tensor([[-10., 80., 30., 120.]]))
    assert report.instances_id.dtype == report.labels.dtype == torch.int64


@pytest.mark.parametrize('min_area, is_reported', [(799, True), (801, False)])
def test_small_boxes_live_unreported(min_area, is_reported):
    outputs = outputs_of([.9, .1], boxes=[[.5, .5, .2, .2], BOX])  # 20 x 40
    report, living, _ = track(QueryTracker(min_area=min_area), outputs)
    assert len(report.bboxes) == is_reported
    assert living['ids'].tolist() == [1]


@pytest.mark.parametrize('score, thr, num_born', [
    (.9, None, 2), (.9, .6, 1), (.9, .9, 2), (.1, .6, 2)])
def test_newborn_on_a_seen_track_is_suppressed(score, thr, num_born):
    """IoU is 0.8; a track that missed this frame suppresses nothing."""
    boxes = [[.5, .5, .4, .32], [.1, .1, .1, .1], BOX]
    tracker = QueryTracker(newborn_iou_thr=thr)
    _, living, num_ids = track(tracker, outputs_of([.9, .9, score], boxes),
                               make_tracks([7]), 7)
    assert living['ids'].tolist() == list(range(7, 8 + num_born))
    assert living['query_inds'][-1] == 1  # the other newborn is born
    assert num_ids == 7 + num_born


def test_padding_is_no_track():
    tracks = make_tracks([3], length=2)
    valid = torch.tensor([[True, True, True, False]])
    report, living, _ = track(
        QueryTracker(), outputs_of([.1, .1, .9, .9], valid=valid), tracks)
    assert living['ids'].tolist() == [3] == report.instances_id.tolist()


def test_selection_names_queries_labels_and_scores():
    tracks = make_tracks([4, 6]).replace(labels=torch.tensor([[2, 5]]))
    _, living, _ = track(
        QueryTracker(miss_tolerance=1), outputs_of([.1, .8, .1, .9]), tracks)
    assert living['query_inds'].tolist() == [QD + 1, 1]
    assert living['labels'].tolist() == [5, 0]  # fixed at birth
    assert living['ious'].tolist() == [1, 1]
    torch.testing.assert_close(living['scores'], torch.tensor([.9, .8]))


def test_full_tracker_takes_the_strongest_newborns():
    tracker = QueryTracker(max_tracks=1)
    report, living, _ = track(tracker, outputs_of([.6, .9]))
    assert living['query_inds'].tolist() == [1]
    assert report.instances_id.tolist() == [1]
    _, living, num_ids = track(tracker, outputs_of([.9, .9, .8]),
                               make_tracks([1]), 1)
    assert living['ids'].tolist() == [1] and num_ids == 1


def test_score_that_is_not_a_number_is_a_miss():
    video = Video(miss_tolerance=2)
    video.frame((.9, .1))
    assert video.frame((.1, .1), {1: float('nan')}) == ([], {1: 1})
    assert video.frame((.1, .1), {1: float('nan')}) == ([], {})


@pytest.mark.parametrize('broken', ['scores', 'bboxes'])
def test_sums_are_finite_if_the_frame_is(broken):
    outputs = outputs_of([.9, .9])
    empty = TrackQueries.empty(1, 8)
    num_ids = torch.zeros(1, dtype=torch.long)
    report = QueryTracker()(outputs, empty, num_ids, 4)[2]
    assert report.sums.isfinite().all()
    target = outputs.cls_logits if broken == 'scores' else outputs.bboxes
    target[0, 0, 1] = float('nan')
    outputs = outputs.replace()  # forgets the scores computed above
    report = QueryTracker()(outputs, empty, num_ids, 4)[2]
    assert not report.sums.isfinite().all()


def test_slots_are_few_sizes_that_do_not_flutter():
    tracker = QueryTracker(min_slots=4)
    sizes, current = [], 4
    for count in (0, 4, 5, 4, 8, 4, 3, 30, 33, 32, 25, 24, 12, 0):
        current = tracker.num_slots(count, current)
        sizes.append(current)
    assert sizes == [4, 4, 8, 8, 8, 8, 4, 32, 64, 64, 64, 32, 16, 4]


def test_min_slots_is_checked():
    with pytest.raises(ValueError, match='tracker.min_slots must be a positi'
                       've integer, got 0'):
        QueryTracker(min_slots=0)


@pytest.mark.parametrize('key, value', [('miss_tolerance', 0),
                                        ('max_tracks', 0), ('max_tracks', -1)])
def test_numbers_with_which_no_track_would_live(key, value):
    """Every person would get a new id in every frame, or none at all."""
    with pytest.raises(ValueError, match=f'tracker.{key} must be at least 1, '
                       f'else .*, got {value}'):
        QueryTracker(**{key: value})
