"""Fields of a sequence against those that TrackEval's reader makes."""
import contextlib
import io

import numpy as np
import pytest
import trackeval
from mot_samples import corrupt, random_truth, write_rows, write_sequence

from ipmot_mm.evaluation.scored_sequence import ScoredSequence, read_boxes
from ipmot_mm.evaluation.trackeval_dataset import ArrayMotChallenge2DBox


@pytest.fixture
def datasets(tmp_path):
    """Ours and TrackEval's, rows in any order, some frames empty."""
    rng = np.random.default_rng(0)
    truth = rng.permutation(random_truth(rng, 9, 12))
    tracks = rng.permutation(corrupt(rng, truth))
    truth = truth[~np.isin(truth[:, 0], (3, 9))]
    tracks = tracks[~np.isin(tracks[:, 0], (1, 4))]
    folder = tmp_path / '{odd} name'
    path = write_sequence(folder / 'gt', 'a', truth, 9)
    write_rows(folder / 'tracks' / 'a.txt', tracks)
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = trackeval.datasets.MotChallenge2DBox(
            dict(GT_FOLDER=str(folder / 'gt'), SKIP_SPLIT_FOL=True,
                 TRACKERS_FOLDER=str(folder), TRACKER_SUB_FOLDER='',
                 TRACKERS_TO_EVAL=['tracks'], SEQ_INFO={'a': 9}))
    sequence = ScoredSequence('a', path, 9)
    boxes = read_boxes(sequence, folder / 'tracks', benchmark='MOT17',
                       class_ids=(1, ))
    return ArrayMotChallenge2DBox(sequence, boxes, 'MOT17'), theirs


@pytest.mark.parity
@pytest.mark.parametrize('is_gt', [True, False])
def test_raw_fields(is_gt, datasets):
    got, want = (dataset._load_raw_file('tracks', 'a', is_gt)
                 for dataset in datasets)
    assert got.keys() == want.keys()
    for key, values in want.items():
        if key in ('seq', 'num_timesteps'):
            assert got[key] == values
            continue
        assert len(got[key]) == len(values) == 9
        if key == 'gt_extras':
            got[key] = [extra['zero_marked'] for extra in got[key]]
            values = [extra['zero_marked'] for extra in values]
        if key.endswith('_ids'):
            names = np.unique(np.concatenate(values))
            got[key] = [names[ids] for ids in got[key]]
        for ours, theirs in zip(got[key], values):
            np.testing.assert_array_equal(ours, theirs, err_msg=key)
            assert ours.shape == theirs.shape
            assert ours.dtype == theirs.dtype or not len(theirs)


@pytest.mark.parity
def test_preprocessed_fields(datasets):
    got, want = (
        dataset.get_preprocessed_seq_data(
            dataset.get_raw_seq_data('tracks', 'a'), 'pedestrian')
        for dataset in datasets)
    assert got.keys() == want.keys()
    for key, values in want.items():
        if not isinstance(values, list):
            assert got[key] == values
            continue
        for ours, theirs in zip(got[key], values):
            np.testing.assert_array_equal(ours, theirs, err_msg=key)
