"""Panels of results, models and ground truth."""
import numpy as np
import pytest
from small_tracker import load_tracker, write_street

from ipmot_mm.analysis.side_by_side_panels import (model_panel, result_panel,
                                                   truth_panel)
from ipmot_mm.apis import FrameTracker, track_video
from ipmot_mm.datasets.sequence import read_sequence
from ipmot_mm.evaluation import score_folder, write_mot_results

GT = ''.join(f'{f},{i},{30 * i},10,20,30,1,1,1\n'
             for i in (1, 2) for f in range(1, 7)) + '1,9,0,0,5,5,0,1,1\n'


@pytest.fixture
def sequence(make_sequence):
    return read_sequence(str(make_sequence('a', 6, GT)), with_gt=True)


def write_results(folder, lines):
    folder.mkdir()
    (folder / 'a.txt').write_text(
        ''.join(f'{f},{i},{x},10,20,30,0.9,-1,-1,-1\n' for f, i, x in lines))
    return folder


def test_truth_is_what_counts(sequence):
    panel = truth_panel(sequence)
    assert panel.title == 'ground truth' and panel.switches is None
    assert panel.rows.shape == (12, 6)
    assert panel.rows[0].tolist() == [1, 1, 30, 10, 20, 30]


def test_switches_of_results(sequence, tmp_path):
    """Track 5 ends in frame 3; 6 takes its person over, 7 is always 2."""
    lines = [(f, 5 if f < 4 else 6, 30) for f in range(1, 7)] + [
        (f, 7, 60) for f in range(1, 7)]
    panel = result_panel(sequence, write_results(tmp_path / 'r', lines), 'A')
    assert panel.switches.tolist() == [[4, 6, 5]]
    assert len(panel.rows) == 12
    assert panel.heading(3) == 'A: 0 id switches'
    assert panel.heading(4) == 'A: 1 id switch'


def test_without_truth_no_switches(sequence, tmp_path):
    lines = [(f, f, 30) for f in range(1, 7)]
    folder = write_results(tmp_path / 'r', lines)
    unknown = type(sequence)(
        **{**vars(sequence), 'gt_path': ''})
    panel = result_panel(unknown, folder, 'A')
    assert panel.switches is None and panel.heading(6) == 'A'


def test_missing_results(sequence, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'A: .*a.txt is missing; '
                       'give the folder'):
        result_panel(sequence, tmp_path, 'A')


def test_a_model_tracks_as_the_api_does(tmp_path):
    folder = write_street(tmp_path, 8)
    sequence = read_sequence(str(folder), with_gt=True)
    model = load_tracker()
    panel = model_panel(sequence, model, 'A', 'custom')
    rows = []
    for number, (_, tracks) in enumerate(
            track_video(FrameTracker(model), folder), 1):
        for who, bbox, score in zip(tracks.instances_id, tracks.bboxes,
                                    tracks.scores):
            size = bbox[2:] - bbox[:2]
            rows.append([number, int(who), *bbox[:2].tolist(),
                         *size.tolist(), float(score)])
    (tmp_path / 'r').mkdir()
    write_mot_results(tmp_path / 'r' / 'Street-06.txt', np.array(rows))
    np.testing.assert_allclose(
        panel.rows, sorted(row[:6] for row in rows), atol=1e-5)
    scores = score_folder(tmp_path / 'r', tmp_path, sequences=['Street-06'],
                          benchmark='custom')
    assert len(panel.switches) == scores['COMBINED']['IDSW']
    short = model_panel(sequence, model, 'A', 'custom', num_frames=3)
    assert short.rows[:, 0].max() == 3
