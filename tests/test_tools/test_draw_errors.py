"""The command that shows where tracks go wrong."""
import importlib.util
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from ipmot_mm.evaluation import score_folder

TOOL = Path(__file__).parents[2] / 'tools/analysis_tools/draw_errors.py'
NUM_FRAMES = 6


@pytest.fixture(scope='module')
def main():
    spec = importlib.util.spec_from_file_location('draw_errors', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.fixture
def folder(tmp_path):
    """Two sequences; a has all kinds of errors, b is perfect."""
    for name in 'ab':
        images = tmp_path / 'gt' / name / 'img1'
        images.mkdir(parents=True)
        (tmp_path / 'gt' / name / 'gt').mkdir()
        rows = [f'{f},{i},{20 * i},{5 * f},15,20' for i in (1, 2)
                for f in range(1, NUM_FRAMES + 1)]
        (tmp_path / 'gt' / name / 'gt' / 'gt.txt').write_text(
            ''.join(f'{row},1,1,1\n' for row in rows))
        for f in range(1, NUM_FRAMES + 1):
            cv2.imwrite(str(images / f'{f:06d}.jpg'),
                        np.zeros((64, 96, 3), np.uint8))
        if name == 'a':
            rows = [row.replace('4,1', '4,9', 1) for row in rows[:-1]]
            rows.append('6,5,70,2,9,9')
        (tmp_path / 'tracks').mkdir(exist_ok=True)
        (tmp_path / 'tracks' / f'{name}.txt').write_text(
            ''.join(f'{row},0.9\n' for row in rows))
    return tmp_path


def call(main, folder, *args):
    return main([str(folder / 'gt'), str(folder / 'tracks'), '--out-dir',
                 str(folder / 'out'), *args])


def test_numbers_pictures_and_videos(main, folder):
    assert call(main, folder, '--videos', '--width', '200') == 0
    found = json.loads((folder / 'out' / 'errors.json').read_text())
    scores = score_folder(folder / 'tracks', folder / 'gt')['COMBINED']
    for name in ('TP', 'FP', 'FN', 'IDSW', 'MOTA'):
        assert found['totals'][name] == pytest.approx(scores[name])
    per_frame = found['sequences']['a']
    assert per_frame['IDSW'] == [0, 0, 0, 1, 1, 0]
    assert per_frame['FN'] == per_frame['FP'] == [0, 0, 0, 0, 0, 1]
    assert found['worst'] == [dict(sequence='a', frame=6)]
    sheet = cv2.imread(str(folder / 'out' / 'worst.jpg'))
    assert sheet.shape[1] == 200
    assert cv2.imread(str(folder / 'out' / 'timeline.png')).size
    for name in 'ab':
        video = cv2.VideoCapture(str(folder / 'out' / f'{name}.mp4'))
        assert video.get(cv2.CAP_PROP_FRAME_COUNT) == NUM_FRAMES


@pytest.mark.parametrize('kind, frames', [
    ('IDSW', [4, 5]), ('FP', [6]), ('all', [6, 4, 5])])
def test_the_worst_by_kind(main, folder, kind, frames):
    call(main, folder, '--rank-by', kind, '--min-distance', '1')
    found = json.loads((folder / 'out' / 'errors.json').read_text())
    assert [each['frame'] for each in found['worst']] == frames


def test_no_error_no_picture(main, folder):
    call(main, folder)
    assert (folder / 'out' / 'worst.jpg').exists()
    # nor is that of the run before left to be taken for one
    assert call(main, folder, '--sequences', 'b') == 0
    assert not (folder / 'out' / 'worst.jpg').exists()
    found = json.loads((folder / 'out' / 'errors.json').read_text())
    assert found['totals']['MOTA'] == 1 and found['worst'] == []


def test_missing_results_are_one_line(main, folder, capsys):
    (folder / 'tracks' / 'a.txt').unlink()
    assert call(main, folder) == 2
    assert 'a.txt" is missing' in capsys.readouterr().err
