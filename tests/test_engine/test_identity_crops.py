"""The best picture of a person."""
import cv2
import numpy as np
import pytest

from ipmot_mm.datasets import ConcatClipDataset, MOTClipDataset
from ipmot_mm.engine.identity_crops import (cut_identity_crops,
                                            missing_identities)
from ipmot_mm.structures import IdentityMap

ROWS = {  # frame, id, x, y, w, h, conf, class, visibility
    'a': ['1,1,2,3,10,20,1,1,1', '2,1,30,4,20,40,1,1,0.3',
          '3,1,20,3,14,24,1,1,0.9', '1,2,-4,5,10,12,1,1,1'],
    'b': ['2,1,8,8,16,32,1,1,1']
}  # yapf: disable


@pytest.fixture
def dataset(tmp_path):
    """Two data sets; a pixel tells its frame, row and column."""
    parts = []
    for name, rows in ROWS.items():
        folder = tmp_path / name / 'Video'
        (folder / 'img1').mkdir(parents=True)
        (folder / 'gt').mkdir()
        (folder / 'gt/gt.txt').write_text('\n'.join(rows) + '\n')
        (folder / 'seqinfo.ini').write_text(
            '[Sequence]\nname=Video\nimDir=img1\nframeRate=9\nseqLength=3\n'
            'imWidth=64\nimHeight=48\nimExt=.png\n')
        for frame in (1, 2, 3):
            image = np.zeros((48, 64, 3), np.uint8)
            image[..., 0] = frame + 100 * (name == 'b')
            image[..., 1] = np.arange(48)[:, None]
            image[..., 2] = np.arange(64)
            cv2.imwrite(str(folder / f'img1/{frame:06d}.png'), image)
        parts.append(dict(type='MOTClipDataset', dataset_name=name,
                          data_root=str(tmp_path / name)))
    return ConcatClipDataset(datasets=parts)


def test_large_and_visible_boxes_win(dataset):
    crops = cut_identity_crops(
        dataset, [('a', 'Video', 1), ('b', 'Video', 1), ('c', 'Video', 1)])
    assert set(crops) == {('a', 'Video', 1), ('b', 'Video', 1)}
    crop = crops['a', 'Video', 1]  # frame 3: 336 * 0.81 > 200 > 800 * 0.09
    assert crop.shape == (24, 14, 3)
    red, green, blue = crop[0, 0]
    assert (red, green, blue) == (20, 3, 3) or (red, green) == (19, 2)
    assert crops['b', 'Video', 1][0, 0, 2] == 102


def test_boxes_end_at_the_border(dataset):
    crop = cut_identity_crops(dataset, [('a', 'Video', 2)])['a', 'Video', 2]
    assert crop.shape[0] == 12 and crop.shape[1] < 8
    assert crop[0, 0, 0] == 0


def test_who_is_missing(dataset):
    same = IdentityMap.from_keys([('a', 'Video', 1), ('a', 'Video', 2),
                                  ('b', 'Video', 1)])
    assert missing_identities(dataset, same) == ''
    more = IdentityMap.from_keys([*same.keys, ('z', 'Video', 1)])
    assert 'only in the TrackBook' in missing_identities(dataset, more)


def test_single_data_sets_work(tmp_path, dataset):
    alone = MOTClipDataset(dataset_name='b', data_root=str(tmp_path / 'b'))
    assert len(cut_identity_crops(alone, [('b', 'Video', 1)])) == 1
