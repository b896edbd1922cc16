"""Several classes: each by itself, and all as one."""
import numpy as np
import pytest
from mot_samples import (plain_trackeval, track_samples, write_rows,
                         write_sequence)

from ipmot_mm.benchmark.random_tracks import (corrupt_tracks,
                                              random_ground_truth)
from ipmot_mm.evaluation import (SCORERS, TrackEvalMetric, format_score_table,
                                 score_folder)

CLASSES = dict(class_ids=(1, 3), classes=('pedestrian', 'car'))
LENGTHS = dict(a=12, b=7)


@pytest.fixture(scope='module')
def rows():
    """Ground truth and tracks of classes 1, 3 and 9, a few confused."""
    rng = np.random.default_rng(0)
    made = {}
    for name, length in LENGTHS.items():
        truth = random_ground_truth(rng, length, 15)
        truth[:, 7] = np.array([1, 3, 9])[truth[:, 1].astype(int) % 3]
        truth[:, 6] = rng.random(len(truth)) > 0.1
        boxes = truth[truth[:, 7] != 9]
        tracks = corrupt_tracks(rng, boxes)
        classes = np.where(tracks[:, 1] % 3 == 0, 1, 3)
        confused = rng.random(len(tracks)) < 0.1
        classes[confused] = 4 - classes[confused]
        made[name] = truth, np.column_stack([tracks, classes])
    return made


@pytest.fixture
def folder(rows, tmp_path):
    """The same as files."""
    for name, (truth, tracks) in rows.items():
        write_sequence(tmp_path / 'gt', name, truth, LENGTHS[name])
        write_rows(tmp_path / 'tracks' / f'{name}.txt', tracks)
    return tmp_path


def score(folder, **kwargs):
    """Both sequences."""
    return score_folder(folder / 'tracks', folder / 'gt', benchmark='custom',
                        **kwargs)


def single_class_copy(rows, folder, numbers):
    """Only some classes, called pedestrians: what TrackEval can score."""
    for name, (truth, tracks) in rows.items():
        kept = truth[np.isin(truth[:, 7], numbers)]
        kept[:, 7] = 1
        write_sequence(folder / 'gt' / 'custom-train', name, kept,
                       LENGTHS[name])
        write_rows(
            folder / f'trackers/custom-train/ours/data/{name}.txt',
            tracks[np.isin(tracks[:, 7], numbers), :7])


@pytest.mark.parity
@pytest.mark.parametrize('scorer', SCORERS)
@pytest.mark.parametrize('numbers, name', [((1, ), 'pedestrian'),
                                           ((3, ), 'car'), ((1, 3), None)])
def test_equals_trackeval_on_single_classes(rows, folder, numbers, name,
                                            scorer):
    single_class_copy(rows, folder / 'copy', numbers)
    want = plain_trackeval(folder / 'copy', 'custom')
    want['COMBINED'] = want.pop('COMBINED_SEQ')
    for sequence, got in score(folder, scorer=scorer, **CLASSES).items():
        got = got['classes'][name] if name else got
        raw = want[sequence]
        for curve in ('HOTA', 'DetA', 'AssA', 'LocA'):
            np.testing.assert_allclose(got['curves'][curve],
                                       raw['HOTA'][curve], rtol=0, atol=1e-12)
        for ours, theirs in (('IDSW', 'IDSW'), ('FP', 'CLR_FP'),
                             ('FN', 'CLR_FN'), ('TP', 'CLR_TP')):
            assert got[ours] == raw['CLEAR'][theirs]
        assert got['TP'] > 0
        for field in ('IDF1', 'IDP', 'IDR'):
            assert got[field] == pytest.approx(raw['Identity'][field],
                                               rel=0, abs=1e-12)


def test_one_other_class_needs_no_column(rows, folder):
    want = score(folder, **CLASSES)['COMBINED']['classes']['car']
    for name, (_, tracks) in rows.items():
        write_rows(folder / 'tracks' / f'{name}.txt',
                   tracks[tracks[:, 7] == 3, :7])
    got = score(folder, class_ids=(3, ), classes=('car', ))['COMBINED']
    assert got == want and 'classes' not in got


def test_table_has_a_row_for_each_class(folder):
    lines = format_score_table(score(folder, **CLASSES)).splitlines()
    assert [line.split('  ')[0] for line in lines if line[0] != '-'] == [
        'sequence', 'a', 'b', 'COMBINED', 'pedestrian', 'car']
    assert len({len(line) for line in lines}) == 1
    assert sum(line[0] == '-' for line in lines) == 5


def test_metric_takes_the_classes_of_the_data_set(rows, folder):
    metric = TrackEvalMetric(
        benchmark='custom', outfile_prefix=str(folder / 'out'))
    metric.dataset_meta = dict(
        classes=('car', 'pedestrian'), class_ids=np.array([3, 1]))
    for name, (_, tracks) in rows.items():
        gt_path = str(folder / 'gt' / name / 'gt' / 'gt.txt')
        for sample in track_samples(name, tracks, LENGTHS[name], gt_path):
            frame, = sample.video_data_samples
            here = tracks[tracks[:, 0] == frame.frame_id + 1]
            frame.pred_track_instances.labels[:] = np_labels(here)
            metric.process(None, [sample.to_dict()])
    result = metric.evaluate(2)
    want = score(folder, **CLASSES)['COMBINED']
    for key in ('HOTA', 'MOTA', 'IDSW', 'IDF1'):
        head = 'motchallenge-metric'
        assert result[f'{head}/{key}'] == pytest.approx(want[key], abs=1e-6)
        for name, scores in want['classes'].items():
            assert result[f'{head}/{name}/{key}'] == pytest.approx(
                scores[key], abs=1e-6)
    written = np.loadtxt(folder / 'out' / 'a.txt', delimiter=',')
    assert written.shape[1] == 10 and (written[:, 8:] == -1).all()
    assert sorted(written[:, 7]) == sorted(rows['a'][1][:, 7])


def np_labels(tracks):
    """Labels of the data set above, car first."""
    import torch
    return torch.from_numpy((tracks[:, 7] == 1).astype(np.int64))


@pytest.mark.parametrize('kwargs, text', [
    (dict(benchmark='MOT17', **CLASSES), r'class_ids must be \(1, \) with '
     r'benchmark MOT17.*got \(1, 3\); use benchmark=.custom'),
    (dict(class_ids=(1, 1), classes='ab'), 'different numbers from 1 on'),
    (dict(class_ids=(), classes=()), 'different numbers from 1 on'),
    (dict(class_ids=(0, ), classes='a'), 'different numbers from 1 on'),
    (dict(class_ids=(1, 3), classes='a'), r'classes must name each of '
     r'class_ids=\(1, 3\) differently'),
    (dict(class_ids=(1, 3), classes='aa'), 'classes must name each'),
    (dict(class_ids=(1, )), 'class_ids and classes come together'),
])
def test_bad_classes(kwargs, text):
    with pytest.raises(ValueError, match=text):
        TrackEvalMetric(**{'benchmark': 'custom', **kwargs})


def test_classes_of_the_data_set_are_checked_at_once(rows, folder):
    metric = TrackEvalMetric(benchmark='MOT17')
    metric.dataset_meta = dict(classes=('car', ), class_ids=(3, ))
    with pytest.raises(ValueError, match='class_ids must be'):
        metric.process(None, [])


def test_class_numbers_are_pedestrians_unless_told(rows, folder):
    """mmdet's data set names thirteen classes and no numbers."""
    truth, _ = rows['a']
    tracks = truth[truth[:, 7] == 1, :7]
    metric = TrackEvalMetric(benchmark='MOT17')
    metric.dataset_meta = dict(classes=('pedestrian', 'person_on_vehicle'))
    gt_path = str(folder / 'gt' / 'a' / 'gt' / 'gt.txt')
    for sample in track_samples('a', tracks, LENGTHS['a'], gt_path):
        metric.process(None, [sample.to_dict()])
    result = metric.evaluate(1)
    assert result['motchallenge-metric/FN'] == 0
    assert not [name for name in result if 'pedestrian' in name]


def test_unknown_label(folder):
    metric = TrackEvalMetric(benchmark='custom', **CLASSES)
    sample, = track_samples('a', np.ones((1, 7)), 1, '')
    sample.video_data_samples[0].pred_track_instances.labels[:] = 2
    with pytest.raises(ValueError, match=r'labels of the tracks must be in '
                       r'0\.\.1.*got 2\.\.2'):
        metric.process(None, [sample.to_dict()])


@pytest.mark.parametrize('number, kwargs, text', [
    (-1, CLASSES, 'expected a class number of 1, 3 in column 8'),
    (9, CLASSES, 'expected a class number of 1, 3 in column 8'),
    (1, dict(class_ids=(3, ), classes='c'), 'expected class 3 in column 8'),
    (2, dict(), 'expected class 1 in column 8, or -1'),
])
def test_class_column_names_its_line(number, kwargs, text, folder):
    path = folder / 'tracks' / 'a.txt'
    path.write_text(f'1,5,1,1,9,9,1,{number},-1,-1\n')
    with pytest.raises(ValueError, match=rf'a\.txt", line 1: {text}'):
        score(folder, **kwargs)
