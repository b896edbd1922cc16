"""Numbers of a video, counted by hand."""
import numpy as np
import pytest

from ipmot_mm.checks import check_video, read_video, videos_of_dataset
from ipmot_mm.checks.video_report import distribution
from ipmot_mm.datasets import CrowdHumanClipDataset

ROWS = '''1,1,5,5,10,20,1,1,1
1,2,20,5,10,22,1,1,0.5
1,3,40,5,10,20,0,1,1
1,4,40,5,10,20,1,7,1
2,1,6,5,10,20,1,1,1
4,1,7,5,10,20,1,1,0
'''


def check(make_sequence, rows=ROWS, **kwargs):
    return check_video(
        read_video(str(make_sequence('a', 4, rows))), part='mot', **kwargs)


def kinds(report):
    return {problem.kind: problem for problem in report.problems.kept}


def test_numbers(make_sequence):
    report = check(make_sequence)
    assert report.size == (64, 48)
    assert report.objects_per_frame.tolist() == [2, 1, 0, 1]
    assert report.heights.tolist() == [20, 22, 20, 20]
    assert (report.num_rows, report.num_ignored,
            report.num_identities) == (6, 1, 2)
    assert report.classes == {1: 4, 7: 1}
    assert report.counts['gaps'] == report.counts['one_frame_tracks'] == 1
    found = report.to_dict()
    assert found['frames_without_objects'] == 1
    assert found['objects_per_frame']['max'] == 2
    assert found['problems']['frames without objects']['messages'] == [
        '1 of 4 frames have no object: 3'
    ]
    assert report.problems.num_errors == 0


def test_classes_choose_the_objects(make_sequence):
    report = check(make_sequence, class_ids=(1, 7))
    assert report.objects_per_frame.tolist() == [3, 1, 0, 1]
    folder = make_sequence('b', 4, ROWS)
    report = check_video(read_video(str(folder)), part='mot', class_ids=(2, ))
    problem = kinds(report)['no object of the classes']
    assert problem.is_error and 'classes are 1, 7' in problem.message
    assert 'has a class in (2,)' in problem.message


def test_objects_of_the_classes_that_all_have_conf_0(make_sequence):
    report = check(make_sequence, '1,1,5,5,9,9,0,1,1\n2,1,5,5,9,9,0,1,1\n'
                   '2,2,5,5,9,9,1,7,1\n')
    problem = kinds(report)['no object of the classes']
    assert problem.is_error
    assert 'all 2 rows of the classes 1 have conf 0' in problem.message


def test_conf_is_no_score(make_sequence):
    for conf, last in (('0.3', 0), ('1.7', 1)):  # cut to 0 and to 1
        rows = ROWS.replace('20,1,1,0', f'20,{conf},1,0')
        folder = make_sequence(f'a{conf}', 4, rows)
        report = check_video(read_video(str(folder)), part='mot')
        assert f'1 rows, such as {conf}' in kinds(report)[
            'conf is neither 0 nor 1'].message
        assert report.objects_per_frame.tolist() == [2, 1, 0, last]
        assert report.num_ignored == 2 - last
        assert report.classes == {1: 3 + last, 7: 1}


@pytest.mark.parametrize('num_queries, text', [
    (3, None), (2, 'over 75% of the 2'), (1, 'more than the 1')])
def test_queries(make_sequence, num_queries, text):
    problem = kinds(check(make_sequence, num_queries=num_queries)).get(
        'objects per frame')
    if text is None:
        assert problem is None
    else:
        assert text in problem.message and 'frame 1' in problem.message
        assert not problem.is_error


def test_frames_of_a_half_keep_their_numbers(make_sequence):
    folder = make_sequence('a', 4, ROWS)
    report = check_video(read_video(str(folder), half='val'), part='mot')
    assert report.objects_per_frame.tolist() == [1]
    report = check_video(read_video(str(folder), half='train'), part='mot')
    assert report.objects_per_frame.tolist() == [2, 1, 0]


def test_stills_have_no_tracks_and_differ_in_size(make_crowdhuman):
    video, = videos_of_dataset(CrowdHumanClipDataset(**make_crowdhuman(3)))
    report = check_video(video, part='crowdhuman')
    assert report.problems.kept == []
    assert 'gaps' not in report.counts
    assert report.num_identities == 6


def test_distribution():
    values = np.arange(101)
    assert distribution(values) == dict(
        mean=50, min=0, max=100, p50=50, p95=95, p99=99)
    assert distribution(values[:0]) == {}
