"""mmdet's own metric on the same tracks."""
import contextlib
import io

import numpy as np
import pytest
from mot_samples import track_samples

from ipmot_mm.benchmark.random_tracks import corrupt_tracks
from ipmot_mm.evaluation import TrackEvalMetric

NAME = 'MOT17-11-FRCNN'
LENGTH = 7


def with_instances(samples, truth):
    """What mmdet's metric reads besides: ground truth in each frame."""
    for sample in samples:
        frame, = sample.video_data_samples
        here = truth[truth[:, 0] == frame.frame_id + 1]
        frame.set_metainfo(
            dict(
                img_path=f'x/{NAME}/img1/{frame.frame_id + 1:06d}.jpg',
                instances=[
                    dict(
                        instance_id=int(row[1]),
                        bbox=[*row[2:4], *(row[2:4] + row[4:6])],
                        mot_conf=row[6],
                        category_id=int(row[7]),
                        visibility=row[8]) for row in here
                ]))
    return samples


@pytest.mark.parity
@pytest.mark.parametrize('benchmark', ['MOT17', 'MOT20'])
def test_equals_mmdet(benchmark, shared_data, tmp_path, monkeypatch):
    """It writes whole numbers of ground truth, and three decimals."""
    from mmdet.evaluation import MOTChallengeMetric

    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    monkeypatch.setattr('matplotlib.pyplot.savefig', lambda *args: None)
    gt_path = shared_data / 'MOT17-mini' / 'train' / NAME / 'gt' / 'gt.txt'
    truth = np.loadtxt(gt_path, delimiter=',')
    assert (truth[:, 2:6] % 1 == 0).all()
    tracks = corrupt_tracks(np.random.default_rng(0), truth).round(3)
    samples = track_samples(NAME, tracks, LENGTH, str(gt_path))
    ours = TrackEvalMetric(benchmark=benchmark)
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = MOTChallengeMetric(benchmark=benchmark)
        for sample in with_instances(samples, truth):
            ours.process(None, [sample.to_dict()])
            theirs.process(None, [sample.to_dict()])
        want = theirs.evaluate(LENGTH)
    got = ours.evaluate(LENGTH)
    # The name of the count of partly tracked objects is left out there, as
    # is the localisation.
    head = 'motchallenge-metric'
    assert got.keys() - want.keys() == {f'{head}/PT', f'{head}/LocA'}
    for name, value in want.items():
        assert got[name] == pytest.approx(value, rel=0, abs=1e-12), name
    assert got[f'{head}/IDSW'] > 0 and got[f'{head}/FP'] > 0
