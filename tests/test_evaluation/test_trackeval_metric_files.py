"""What the metric writes, what survives a failure, and its messages."""
import json
import os
import zipfile

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
from mot_samples import corrupt, random_truth, track_samples, write_sequence

from ipmot_mm.evaluation import TrackEvalMetric, submission
from ipmot_mm.evaluation.tracked_frame import merge_ranks


def feed(metric, samples):
    """As mmengine's evaluator does."""
    for sample in samples:
        metric.process(None, [sample.to_dict()])


def make_samples(root, name, seed, length=6):
    """One sequence with its ground truth and bad tracks."""
    rng = np.random.default_rng(seed)
    truth = random_truth(rng, length, 9)
    return track_samples(name, corrupt(rng, truth), length,
                         write_sequence(root, name, truth, length))


def test_results_and_scores_stay(tmp_path):
    out = tmp_path / 'out'
    metric = TrackEvalMetric(outfile_prefix=str(out))
    samples = make_samples(tmp_path, 'a', 1) + make_samples(tmp_path, 'b', 2)
    feed(metric, samples)
    metric.evaluate(2)
    assert sorted(os.listdir(out)) == ['a.txt', 'b.txt', 'scores.json']
    rows = np.loadtxt(out / 'b.txt', delimiter=',')
    assert rows[:, 0].min() == 1 and rows[:, 0].max() == 6
    assert rows.shape[1] == 10 and (rows[:, 7:] == -1).all()
    scores = json.loads((out / 'scores.json').read_text())
    assert scores == metric.sequence_results
    assert list(scores) == ['a', 'b', 'COMBINED']


def test_folder_with_older_results_is_kept(tmp_path):
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'mine.txt').write_text('precious')
    metric = TrackEvalMetric(outfile_prefix=str(tmp_path / 'out'))
    feed(metric, make_samples(tmp_path, 'a', 1))
    metric.evaluate(1)
    assert (tmp_path / 'out' / 'mine.txt').read_text() == 'precious'


def test_finished_sequence_is_written_at_once(tmp_path):
    out = tmp_path / 'out'
    metric = TrackEvalMetric(outfile_prefix=str(out))
    samples = make_samples(tmp_path, 'a', 1)
    feed(metric, samples + make_samples(tmp_path, 'b', 2)[:3])
    assert os.listdir(out) == ['a.txt']
    early = (out / 'a.txt').read_text()
    metric.evaluate(2)
    assert (out / 'a.txt').read_text() == early


def test_format_only_needs_no_ground_truth(tmp_path):
    rows = np.array([[1, 4, 10, 20, 30, 40, 0.75], [3, 4, 1, 2, 3, 4, 0.5]])
    metric = TrackEvalMetric(
        format_only=True, outfile_prefix=str(tmp_path / 'out'))
    feed(metric, track_samples('test', rows, 3, ''))
    feed(metric, track_samples('none', rows[:0], 2, ''))
    assert metric.evaluate(2) == {}
    assert (tmp_path / 'out' / 'test.txt').read_text() == (
        '1,4,10.000000,20.000000,30.000000,40.000000,0.750000,-1,-1,-1\n'
        '3,4,1.000000,2.000000,3.000000,4.000000,0.500000,-1,-1,-1\n')
    assert (tmp_path / 'out' / 'none.txt').read_text() == ''
    assert metric.sequence_results == {}


@pytest.mark.parametrize('format_only', [False, True])
def test_submission_comes_after_the_results(format_only, tmp_path,
                                            monkeypatch):
    calls = []

    def write_submission(result_dir, path, *, benchmark, names):
        files = sorted(file.name for file in result_dir.iterdir())
        calls.append((path, benchmark, files, names))

    monkeypatch.setattr(submission, 'write_submission', write_submission)
    metric = TrackEvalMetric(
        benchmark='MOT20', submission='my.zip', format_only=format_only,
        outfile_prefix=str(tmp_path / 'out') if format_only else None)
    feed(metric, make_samples(tmp_path, 'a', 1))
    assert ('motchallenge-metric/HOTA' in metric.evaluate(1)) != format_only
    assert calls == [('my.zip', 'MOT20', ['a.txt'], ['a'])]


@pytest.fixture
def server(monkeypatch):
    """Wants six frames of the video a, or also as many of b."""
    monkeypatch.setitem(
        submission.SERVER_FORMATS, 'MOT20',
        submission.ServerFormat(test=dict(a=6), train=dict(b=6)))


@pytest.mark.parametrize('format_only', [False, True])
def test_archive_is_of_whole_videos(format_only, tmp_path, server):
    rows = np.array([[2, 4, 1, 2, 3, 4, 0.5]])
    truth = random_truth(np.random.default_rng(0), 12, 9)
    path = write_sequence(tmp_path, 'a', truth, 12)
    for case in (dict(length=6, first_frame=7), dict(length=5),
                 dict(length=6, seen=5), dict(length=6)):
        metric = TrackEvalMetric(
            benchmark='MOT20', format_only=format_only,
            outfile_prefix=str(tmp_path / 'out'),
            submission=str(tmp_path / 'a.zip'))
        length = case.pop('length')
        seen = case.pop('seen', length)
        feed(metric, track_samples('a', rows, length, path, **case)[:seen])
        if case or length == 5 or seen == 5:
            with pytest.raises(ValueError, match=r'\n- a: its frames 1 to 6 '
                               f'are wanted, but {seen} of {length} frames'):
                metric.evaluate(1)
            assert not (tmp_path / 'a.zip').exists()
    metric.evaluate(1)
    submission.check_submission(tmp_path / 'a.zip', benchmark='MOT20')


def test_leftovers_of_another_run_are_not_in_the_archive(tmp_path, server):
    (tmp_path / 'b.txt').write_text('1,1,1,2,3,4,1,-1,-1,-1\n')
    (tmp_path / 'scores.json').write_text('{}')
    metric = TrackEvalMetric(
        benchmark='MOT20', format_only=True, outfile_prefix=str(tmp_path),
        submission=str(tmp_path / 'a.zip'))
    feed(metric, track_samples('a', np.ones((1, 7)), 6, ''))
    metric.evaluate(1)
    assert zipfile.ZipFile(tmp_path / 'a.zip').namelist() == ['a.txt']
    assert sorted(os.listdir(tmp_path)) == ['a.txt', 'a.zip', 'b.txt']


@pytest.mark.parametrize('gt_path', ['', 'gone/gt.txt'])
def test_missing_ground_truth_names_remedy_and_keeps_tracks(
        gt_path, tmp_path):
    rows = np.array([[1, 4, 10, 20, 30, 40, 0.75]])
    metric = TrackEvalMetric(outfile_prefix=str(tmp_path))
    feed(metric, track_samples('MOT17-01', rows, 2, gt_path))
    with pytest.raises(
            FileNotFoundError,
            match=f"sequence MOT17-01: ground truth '{gt_path}' not found.*"
            'format_only=True with outfile_prefix'):
        metric.evaluate(1)
    assert (tmp_path / 'MOT17-01.txt').read_text().startswith('1,4,10.0')
    assert metric.results == []


def test_temporary_tracks_stay_where_scoring_fails(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    metric = TrackEvalMetric()
    feed(metric, track_samples('a', np.ones((1, 7)), 1, ''))
    with pytest.raises(FileNotFoundError):
        metric.evaluate(1)
    assert len(list(tmp_path.glob('*_ipmot_tracks/a.txt'))) == 1


def test_diverged_model_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    samples = make_samples(tmp_path, 'a', 1)
    tracks = samples[2].video_data_samples[0].pred_track_instances
    tracks.bboxes[0, 0] = float('nan')
    metric = TrackEvalMetric()
    feed(metric, samples)
    with pytest.raises(ValueError, match=r'a\.txt", line \d+: a value is not '
                       'finite.*model that diverged'):
        metric.evaluate(1)


@pytest.mark.parametrize('kwargs, text', [
    (dict(benchmark='KITTI'), "benchmark must be one of MOT15.*'KITTI'"),
    (dict(metrics=('VACE', )), "metrics must be a sequence.*'VACE'"),
    (dict(metrics='HOTA'), "metrics must be a sequence.*'HOTA'"),
    (dict(metrics=()), r'metrics must be a sequence.*\(\)'),
    (dict(format_only=True), 'format_only=True needs outfile_prefix'),
    (dict(outfile_prefix='{work_dir}/a'), 'is no path yet: tools/train.py'),
    (dict(submission='{work_dir}/a.zip'), 'elsewhere write a folder'),
    (dict(num_workers=0), 'num_workers must be at least 1 or None, but got 0'),
    (dict(benchmark='custom', submission='a.zip'),
     "submission needs one of the benchmarks .*MOT17.*benchmark='custom'"),
])
def test_bad_options(kwargs, text):
    with pytest.raises(ValueError, match=text):
        TrackEvalMetric(**kwargs)


def test_missing_metainfo_is_named(tmp_path):
    sample = make_samples(tmp_path, 'a', 1)[0]
    del sample.video_data_samples[0].pred_track_instances
    frame = sample.video_data_samples[0]
    del frame.mot_frame_id
    with pytest.raises(
            ValueError,
            match='needs mot_frame_id, pred_track_instances of each frame, '
            'but got frame_id.*meta_keys'):
        TrackEvalMetric().process(None, [sample.to_dict()])


NAMESAKES = {
    'file': [dict(gt_path='1/gt.txt'), dict(gt_path='2/gt.txt')],
    'half': [dict(), dict(first_frame=5)],
    'length': [dict(length=4), dict(length=3)],
    'set': [dict(video_id=0), dict(video_id=3)]
}  # yapf: disable


def namesakes(kind):
    """Frames of two videos of one name."""
    pair = []
    for options in NAMESAKES[kind]:
        options = dict(dict(gt_path='gt.txt', length=4), **options)
        length, number = options.pop('length'), options.pop('video_id', None)
        samples = track_samples('a', np.ones((1, 7)), length, **options)
        for sample in samples:
            sample.video_data_samples[0].set_metainfo(dict(video_id=number))
        pair.append(samples)
    return pair


@pytest.mark.parametrize('kind', NAMESAKES)
@pytest.mark.parametrize('order', [1, -1])
def test_two_videos_of_one_name(kind, order, tmp_path):
    first, second = namesakes(kind)[::order]
    expected = 'sequence a: expected one video of this name and frames without'
    metric = TrackEvalMetric()
    feed(metric, first + second)
    with pytest.raises(ValueError, match=expected):
        metric.evaluate(2)
    early = TrackEvalMetric(format_only=True, outfile_prefix=str(tmp_path))
    feed(early, first + second[:-1])
    with pytest.raises(ValueError, match=expected):
        feed(early, second[-1:])
    ranks = []
    for samples in (first, second):
        metric = TrackEvalMetric()
        feed(metric, samples)
        ranks.append(metric.results)
    with pytest.raises(ValueError, match=expected):
        merge_ranks(ranks)
    assert len(merge_ranks([ranks[0], ranks[0][:2]])) == len(first)


def test_nothing_to_score():
    with pytest.raises(ValueError, match='got no frame to score'):
        TrackEvalMetric().evaluate(0)


def _evaluate_on_rank(rank, root):
    """Rank 0 has a and b, rank 1 has c; each began the other's last one.

    Scored twice: the second time, a has lost its ground truth. Processes
    are forked while the other rank waits.
    """
    submission.write_submission = (
        lambda result_dir, path, benchmark, names: open(path, 'w').close())
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{root}/store', rank=rank, world_size=2)
    outcomes = []
    for broken in (False, True):
        metric = TrackEvalMetric(
            outfile_prefix=f'{root}/out{rank}',
            submission=f'{root}/{rank}.zip',
            num_workers=2)
        for name in ['abC', 'cB'][rank]:  # upper case: unfinished
            samples = make_samples(root / 'gt', name.lower(),
                                   'abc'.index(name.lower()))
            feed(metric, samples[:4] if name.isupper() else samples)
        if broken and rank == 0:
            os.unlink(root / 'gt' / 'a' / 'gt' / 'gt.txt')
        try:
            metric.evaluate(3)
            outcomes.append(metric.sequence_results)
        except Exception as error:
            outcomes.append(f'{type(error).__name__}: {error}')
    (root / f'rank{rank}.json').write_text(json.dumps(outcomes))
    torch.distributed.destroy_process_group()


def test_two_ranks_without_a_common_folder(tmp_path, monkeypatch):
    monkeypatch.setenv('GLOO_SOCKET_IFNAME', 'lo')
    mp.spawn(_evaluate_on_rank, (tmp_path, ), nprocs=2)
    first, second = (json.loads((tmp_path / f'rank{rank}.json').read_text())
                     for rank in range(2))
    metric = TrackEvalMetric()
    for seed, name in enumerate('abc'):
        feed(metric, make_samples(tmp_path / 'alone', name, seed))
    metric.evaluate(3)
    assert first[0] == second[0] == metric.sequence_results
    written = sorted(path.name for path in (tmp_path / 'out0').iterdir())
    # the scores of the first time are not those of the second
    assert written == ['a.txt', 'b.txt', 'c.txt']
    assert [path.name for path in tmp_path.glob('*.zip')] == ['0.zip']
    assert first[1].startswith('FileNotFoundError: sequence a: ground truth')
    assert second[1].startswith('RuntimeError: scoring failed on the first '
                                'rank: FileNotFoundError: sequence a')
