"""The command that draws embeddings."""
import re
import shutil

import cv2
import numpy as np
import pytest
from small_tracker import CHECKPOINT, CONFIG, write_street

from ipmot_mm.visualization.embedding_table import EmbeddingTable

TOOL = 'visualizations/plot_embeddings.py'
MODEL = (CONFIG, CHECKPOINT)


@pytest.fixture(scope='module')
def street(tmp_path_factory):
    return write_street(tmp_path_factory.mktemp('street'))


def test_picture_arrays_and_number(call, street, tmp_path):
    out = tmp_path / 'new' / 'a.png'
    code, said, _ = call(*MODEL, '--video', street, '--out', out,
                         '--projection', 'pca', '--min-gap', 4)
    assert code == 0
    assert cv2.imread(str(out)).shape[1] > 400
    table = EmbeddingTable.load(out.with_suffix('.npz'))
    assert len(table) > 20
    share, chance = re.findall(r'([\d.]+)%', said)
    assert float(share) > float(chance)
    assert f'written: {out}, {out.with_suffix(".npz")}' in said


def test_two_models_and_embeddings_of_the_losses(call, street, tmp_path):
    out = tmp_path / 'a.png'
    code, said, _ = call(
        *MODEL, '--compare', *MODEL, '--video', street, '--out', out,
        '--projection', 'pca', '--embedding', 'instance', '--titles', 'one',
        'two', '--num-frames', 8)
    assert code == 0
    first, second = said.splitlines()[:2]
    assert first.startswith('one: ') and second.startswith('two: ')
    assert first[3:] == second[3:]
    both = [EmbeddingTable.load(tmp_path / name)
            for name in ('a.npz', 'a_2.npz')]
    np.testing.assert_array_equal(both[0].embeddings, both[1].embeddings)
    assert both[0].frames.max() == 7


def test_several_videos_are_pooled(call, street, tmp_path):
    code, said, _ = call(
        *MODEL, '--video', street, street / 'img1', '--by', 'track', '--out',
        tmp_path / 'a.png', '--projection', 'pca', '--min-gap', 4)
    assert code == 0
    lines = said.splitlines()
    assert lines[-1].endswith('a.npz, ' + str(tmp_path / 'a_2.npz'))
    assert [line.split(':')[0] for line in lines[:3]] == [
        'Street-06', 'img1', f'all videos, {CHECKPOINT}']
    assert lines[0].split(': ')[1] == lines[1].split(': ')[1]


def test_nobody_is_known(call, street, tmp_path):
    """Tracks, but none of them on a person of the ground truth."""
    shutil.copytree(street, tmp_path / 'Street-06')
    (tmp_path / 'Street-06/gt/gt.txt').write_text('1,1,0,0,2,2,1,1,1\n')
    code, said, _ = call(*MODEL, '--video', tmp_path / 'Street-06', '--out',
                         tmp_path / 'a.png')
    assert code == 0
    assert 'Street-06: nobody is there in two frames that are 10' in said


def test_an_empty_ground_truth_is_none(call, street, tmp_path):
    shutil.copytree(street, tmp_path / 'Street-06')
    (tmp_path / 'Street-06/gt/gt.txt').write_text('')
    args = (*MODEL, '--video', tmp_path / 'Street-06', '--projection', 'pca',
            '--out', tmp_path / 'a.png', '--num-frames', 4)
    code, _, error = call(*args)
    assert code == 2 and 'or an empty one; take --by track' in error
    assert call(*args, '--by', 'track')[0] == 0


@pytest.mark.parametrize('args, text', [
    (['--video', '{}/img1'], 'img1 has no gt/gt.txt, or an empty one; take'),
    (['--video', '{}', '--titles', 'a', 'b'], '1 panels need as many titles'),
    (['--video', '{}', '--out', 'a.txt', '--num-frames', '4'],
     "'a.txt' cannot be written as a picture")])
def test_mistakes_are_one_line(call, street, tmp_path, args, text):
    args = [arg.format(street) for arg in args]
    code, _, error = call(*MODEL, '--projection', 'pca', '--out',
                          tmp_path / 'a.png', *args)
    assert code == 2 and text in error and error.count('\n') == 1
    assert not list(tmp_path.iterdir())
