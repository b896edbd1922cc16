"""A json data set of mmtrack, and mmtrack itself, if it is installed."""
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

import mmdet
import pytest

INSTALLED = find_spec('mmtrack') is not None
collect_ignore = [] if INSTALLED else [
    'test_mmtrack_samples.py', 'test_mmtrack_dataset.py',
    'test_mmtrack_scores.py', 'test_mmtrack_training.py'
]
CONVERTER = Path(
    mmdet.__file__).parent / '.mim' / 'tools/dataset_converters/mot2coco.py'


def rows(num_frames, empty=()):
    """Two persons that walk towards each other, all numbers whole."""
    return ''.join(
        f'{frame},7,{2 + 3 * frame},5,12,30,1,1,0.5\n'
        f'{frame},9,{48 - 3 * frame},8,10,26,1,1,1\n'
        for frame in range(1, num_frames + 1) if frame not in empty)


@pytest.fixture(scope='session')
def cocovid(tmp_path_factory, write_sequence):
    """Folder with ``train/`` and ``annotations/`` of mmdet's converter.

    Sequence A has six frames, the third of them empty, B has five.
    """
    root = tmp_path_factory.mktemp('cocovid')
    (root / 'test').mkdir()
    write_sequence(root / 'train', 'A', 6, rows(6, empty=(3, )))
    write_sequence(root / 'train', 'B', 5, rows(5))
    arguments = sys.argv
    sys.argv = ['mot2coco.py', '-i', str(root), '-o', f'{root}/annotations',
                '--split-train']
    try:
        runpy.run_path(str(CONVERTER), run_name='__main__')
    finally:
        sys.argv = arguments
    return root


@pytest.fixture
def mmtrack_scope():
    """As in a run whose config says ``default_scope='mmtrack'``."""
    from mmengine.registry import init_default_scope

    from ipmot_mm.compat import mmtrack
    mmtrack.enable()
    init_default_scope('mmtrack')


def source_cfg(root, subset='train', *, test_mode=False, **kwargs):
    """Config of mmtrack's data set; without augmentation, if in test mode."""
    load = [
        dict(type='LoadImageFromFile'),
        dict(type='LoadTrackAnnotations', with_instance_id=True)
    ]
    pack = dict(type='PackTrackInputs', pack_single_img=test_mode)
    if not test_mode:
        flip = dict(type='mmdet.RandomFlip', prob=0.5)
        load = [
            dict(
                type='TransformBroadcaster',
                share_random_params=True,
                transforms=[*load, flip])
        ]
        kwargs.setdefault(
            'ref_img_sampler',
            dict(num_ref_imgs=2, frame_range=4, method='uniform'))
    return dict(
        type='MOTChallengeDataset',
        data_root=str(root),
        ann_file=f'annotations/{subset}_cocoformat.json',
        data_prefix=dict(img_path='train'),
        metainfo=dict(CLASSES=('pedestrian', )),
        test_mode=test_mode,
        pipeline=[*load, pack,
                  dict(type='ipmot_mm.FromMMTrackSample')],
        **{'ref_img_sampler': None, **kwargs})


@pytest.fixture(scope='session')
def make_source_cfg(cocovid):
    """``make_source_cfg(subset='train', test_mode=False, **kwargs)``."""
    return lambda *args, **kwargs: source_cfg(cocovid, *args, **kwargs)
