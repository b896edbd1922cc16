"""CLEAR MOT on sequences that can be counted by hand."""
import pytest
from random_boxes import make_pairs

from ipmot_mm.evaluation.numpy_scorer.clear import combine_clear, score_clear

BOX = [0, 0, 10, 10]


def score(tracks):
    """One object that stands still; the track on it in each frame, where 0
    is none."""
    truth = [[frame, 1, *BOX] for frame in range(len(tracks))]
    results = [[frame, i, *BOX] for frame, i in enumerate(tracks) if i]
    return score_clear(make_pairs(truth, results, len(tracks)))


@pytest.mark.parametrize('tracks, switches, fragments', [
    ([1, 1, 1], 0, 0), ([1, 2, 1], 2, 0), ([1, 2, 2], 1, 0),
    # no track at all in a frame: it is as if the frame were not there
    ([1, 0, 1], 0, 0), ([1, 0, 2], 1, 0)])
def test_switches(tracks, switches, fragments):
    got = score(tracks)
    assert (got['IDSW'], got['Frag']) == (switches, fragments)
    assert got['CLR_TP'] == sum(map(bool, tracks))
    assert got['MOTA'] == pytest.approx(
        (got['CLR_TP'] - switches) / len(tracks))


@pytest.mark.parametrize('hits, fragments', [
    ('xxxx', 0), ('x.xx', 1), ('x.x.', 1), ('.x.x.x', 2), ('....', 0)])
def test_fragments(hits, fragments):
    frames = range(len(hits))
    truth = [[frame, 1, *BOX] for frame in frames]
    false = [[frame, 9, 500, 500, 10, 10] for frame in frames]
    found = [row for row, hit in zip(truth, hits) if hit == 'x']
    got = score_clear(make_pairs(truth, sorted(found + false), len(hits)))
    assert (got['Frag'], got['IDSW']) == (fragments, 0)
    assert got['CLR_FP'] == len(hits)
    assert got['FP_per_frame'] == 1


@pytest.mark.parametrize('num_hits, kind', [
    (0, 'ML'), (1, 'ML'), (2, 'PT'), (8, 'PT'), (9, 'MT'), (10, 'MT')])
def test_share_of_life(num_hits, kind):
    got = score([1] * num_hits + [0] * (10 - num_hits))
    assert [name for name in ('MT', 'PT', 'ML') if got[name]] == [kind]
    assert got[f'{kind}R'] == 1


def test_a_match_stays_though_another_track_is_nearer():
    near, nearer = [2, 0, 10, 10], [1, 0, 10, 10]
    truth = [[0, 1, *BOX], [1, 1, *BOX]]
    results = [[0, 5, *BOX], [1, 6, *nearer], [1, 5, *near]]
    got = score_clear(make_pairs(truth, results, 2))
    assert (got['IDSW'], got['CLR_FP']) == (0, 1)
    assert got['MOTP'] == pytest.approx((1 + 80 / 120) / 2)
    # not once the track has been lost: a frame with another object alone
    truth.insert(1, [1, 2, 300, 0, 10, 10])
    truth[2][0] = 2
    results = [[0, 5, *BOX], [1, 7, 300, 0, 10, 10], [2, 6, *nearer],
               [2, 5, *near]]
    got = score_clear(make_pairs(truth, results, 3))
    assert (got['IDSW'], got['CLR_FP']) == (1, 1)


def test_half_an_overlap_is_enough():
    for height, found in ((5, 1), (4.99, 0)):
        got = score_clear(
            make_pairs([[0, 1, *BOX]], [[0, 1, 0, 0, 10, height]], 1))
        assert (got['CLR_TP'], got['CLR_FN'], got['CLR_FP']) == (
            found, 1 - found, 1 - found)


@pytest.mark.parametrize('num_truth, num_tracks', [(0, 0), (0, 2), (2, 0)])
def test_one_side_is_empty(num_truth, num_tracks):
    rows = [[[0, i, *BOX] for i in range(number)]
            for number in (num_truth, num_tracks)]
    got = score_clear(make_pairs(*rows, 1))
    assert (got['CLR_FN'], got['CLR_FP'], got['ML']) == (
        num_truth, num_tracks, num_truth)
    assert got['MOTA'] == got['CLR_TP'] == 0


def test_combination_counts_all_boxes():
    parts = [score([1, 2]), score([1] * 8)]
    got = combine_clear(parts)
    assert (got['CLR_TP'], got['IDSW'], got['MT']) == (10, 1, 2)
    assert got['MOTA'] == 0.9 and got['CLR_Frames'] == 10
