"""The command that draws attention."""
import re

import cv2
import pytest
from small_tracker import CHECKPOINT, CONFIG, write_street

TOOL = 'visualizations/plot_attention.py'


@pytest.fixture(scope='module')
def street(tmp_path_factory):
    return write_street(tmp_path_factory.mktemp('street'), 6)


@pytest.mark.parametrize('options', [
    [], ['--layer', 'dedup'], ['--layer', '1', '--head', '0']])
def test_picture_and_pairs(call, street, tmp_path, options):
    out = tmp_path / 'a.png'
    code, said, _ = call(CONFIG, CHECKPOINT, street, '--frame', 5, '--out',
                         out, *options)
    assert code == 0
    assert cv2.imread(str(out)).shape[1] > 800
    pairs = re.findall(r'track (\d+) and detect query \d+: IoU [\d.]+, track '
                       r'to detect 0\.\d+, detect to track 0\.\d+', said)
    assert pairs and len(pairs) == len(set(pairs))
    assert f'% of {len(pairs)} partners are where the track is' in said


@pytest.mark.parametrize('options, text', [
    (['--frame', '9'], 'frame 9 of'), (['--layer', '0'], 'got 0'),
    (['--head', '77'], 'head must be "mean" or 0 to')])
def test_mistakes_are_one_line(call, street, tmp_path, options, text):
    code, _, error = call(CONFIG, CHECKPOINT, street, '--frame', 2, '--out',
                          tmp_path / 'a.png', *options)
    assert code == 2 and text in error and error.count('\n') == 1


def test_another_kind_of_tracker(call, street, tmp_path):
    baseline = CONFIG.parent / (
        'baselines/bytetrack_dab-small_synthmot-street.py')
    code, _, error = call(baseline, CHECKPOINT.parent / 'dab_small_world.pth',
                          street, '--out', tmp_path / 'a.png')
    assert code == 2
    assert 'queries can be recorded of an IPMOT' in error
