"""Birth, miss, death and report, from rows of scores."""
import pytest
import torch

from ipmot_mm.models.trackers import QueryTracker
from ipmot_mm.structures import TrackQueries, TrackState
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


def state_of(tracks=None, num_ids=0):
    """A video in which these tracks entered the frame."""
    state = TrackState()
    state.reset(TrackQueries.empty(1, 8) if tracks is None else tracks)
    state.claim_ids(num_ids)
    return state


def next_tracks(selection):
    """What an updater hands to the next frame."""
    return make_tracks(
        selection.ids[0].tolist(),
        num_frames_missed=selection.num_frames_missed[0].tolist())


class Video:
    """A tracker fed with scores of ids instead of scores of positions."""

    def __init__(self, **kwargs):
        self.tracker = QueryTracker(**kwargs)
        self.state = state_of()

    def frame(self, detect, tracks=None):
        """Returns reported ids, living ids and their missed frames."""
        scores = [*detect] + [
            (tracks or {})[i] for i in self.state.tracks.ids[0].tolist()
        ]
        report, selection = self.tracker(
            outputs_of(scores), self.state, ORI_SHAPE)
        self.state.update(next_tracks(selection))
        missed = dict(zip(selection.ids[0].tolist(),
                          selection.num_frames_missed[0].tolist()))
        return report.instances_id.tolist(), missed


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


def test_reset_starts_ids_again_and_runs_repeat():
    tracker, state = QueryTracker(), TrackState()
    runs = []
    for _ in range(2):
        state.reset(TrackQueries.empty(1, 8))
        ids = []
        for _ in range(3):
            scores = [.9, .8] + [.9] * len(state.tracks)
            report, selection = tracker(outputs_of(scores), state, ORI_SHAPE)
            state.update(next_tracks(selection))
            ids.append(report.instances_id.tolist())
        runs.append(ids)
    assert runs[0] == runs[1] == [[1, 2], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6]]


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
    report, _ = QueryTracker()(outputs, state_of(), ORI_SHAPE)
    # .9 * .27 < .25 <= .5 * .51
    assert report.instances_id.tolist() == [1]
    assert float(report.scores) == pytest.approx((.5 * .51)**.5, abs=1e-5)


def test_boxes_are_pixels_of_the_original_frame_not_clipped():
    outputs = outputs_of([.9, .1], boxes=[[.1, .5, .4, .2], BOX])
    report, _ = QueryTracker()(outputs, state_of(), ORI_SHAPE)
    torch.testing.assert_close(report.bboxes,
                               torch.tensor([[-10., 80., 30., 120.]]))
    assert report.instances_id.dtype == report.labels.dtype == torch.int64


@pytest.mark.parametrize('min_area, is_reported', [(799, True), (801, False)])
def test_small_boxes_live_unreported(min_area, is_reported):
    outputs = outputs_of([.9, .1], boxes=[[.5, .5, .2, .2], BOX])  # 20 x 40
    report, selection = QueryTracker(min_area=min_area)(
        outputs, state_of(), ORI_SHAPE)
    assert len(report.bboxes) == is_reported
    assert selection.ids.tolist() == [[1]]


@pytest.mark.parametrize('score, thr, num_born', [
    (.9, None, 2), (.9, .6, 1), (.9, .9, 2), (.1, .6, 2)])
def test_newborn_on_a_seen_track_is_suppressed(score, thr, num_born):
    """IoU is 0.8; a track that missed this frame suppresses nothing."""
    boxes = [[.5, .5, .4, .32], [.1, .1, .1, .1], BOX]
    tracker = QueryTracker(newborn_iou_thr=thr)
    _, selection = tracker(
        outputs_of([.9, .9, score], boxes), state_of(make_tracks([7]), 7),
        ORI_SHAPE)
    assert len(selection.ids[0]) == 1 + num_born
    assert selection.ids[0, 1:].tolist() == list(range(8, 8 + num_born))
    assert selection.query_inds[0, -1] == 1  # the other newborn is born


def test_padding_is_no_track():
    tracks = make_tracks([3], length=2)
    valid = torch.tensor([[True, True, True, False]])
    report, selection = QueryTracker()(
        outputs_of([.1, .1, .9, .9], valid=valid), state_of(tracks),
        ORI_SHAPE)
    assert selection.ids.tolist() == [[3]] == [report.instances_id.tolist()]


def test_selection_names_queries_labels_and_scores():
    tracks = make_tracks([4, 6]).replace(labels=torch.tensor([[2, 5]]))
    _, selection = QueryTracker(miss_tolerance=1)(
        outputs_of([.1, .8, .1, .9]), state_of(tracks), ORI_SHAPE)
    assert selection.query_inds.tolist() == [[QD + 1, 1]]
    assert selection.labels.tolist() == [[5, 0]]  # fixed at birth
    assert selection.valid.all() and (selection.ious == 1).all()
    torch.testing.assert_close(selection.scores, torch.tensor([[.9, .8]]))


def test_full_tracker_takes_the_strongest_newborns():
    tracker = QueryTracker(max_tracks=1)
    report, selection = tracker(
        outputs_of([.6, .9]), state_of(), ORI_SHAPE)
    assert selection.query_inds[0].tolist() == [1]
    assert report.instances_id.tolist() == [1]
    _, selection = tracker(
        outputs_of([.9, .9, .8]), state_of(next_tracks(selection)),
        ORI_SHAPE)
    assert selection.ids[0].tolist() == [1]


def test_score_that_is_not_a_number_is_a_miss():
    video = Video(miss_tolerance=2)
    video.frame((.9, .1))
    assert video.frame((.1, .1), {1: float('nan')}) == ([], {1: 1})
    assert video.frame((.1, .1), {1: float('nan')}) == ([], {})


@pytest.mark.parametrize('broken', ['scores', 'bboxes'])
def test_empty_frames_that_are_not_finite_are_named_once(broken, monkeypatch):
    """In each video; finite frames without a track are silent."""
    named = []
    monkeypatch.setattr(
        'ipmot_mm.models.trackers.query_tracker.print_log',
        lambda message, **kwargs: named.append(message))
    outputs = outputs_of([.9, .9])
    if broken == 'scores':
        outputs.cls_logits.fill_(float('nan'))
    else:
        outputs.bboxes.fill_(float('nan'))
    for num_videos in (1, 2):
        state = state_of()
        for t in range(3):
            report, _ = QueryTracker()(outputs, state, ORI_SHAPE, f'{t}.jpg')
            assert len(report) == 0
            state.update(TrackQueries.empty(1, 8))
        assert len(named) == num_videos and 'not finite' in named[-1]
        assert named[-1].startswith('0.jpg: no track can be reported')
    QueryTracker()(outputs_of([.1, .1]), state_of(), ORI_SHAPE)
    assert len(named) == 2
