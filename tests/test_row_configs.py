"""Rows of SynthMOT: those of the paper's tables, on one small model."""
import pytest
from config_samples import CHANGED_KEYS, ROOT, changed_keys, load
from mmengine.config import Config

from ipmot_mm.study.definition import read_study
from ipmot_mm.study.fingerprint import fingerprint, training_settings

FOLDER = 'synthmot/ablations'
ROWS = {path.name.split('_')[0] for path in (ROOT / FOLDER).glob('*.py')}
# As in the paper's ablations, but the plain detector is as wide as the DAB one
# and draws its queries from a wider distribution
CHANGED = {
    **{name: CHANGED_KEYS[name] for name in ROWS & set(CHANGED_KEYS)},
    'naive': ('base', {'detector.type', 'detector.content_std',
                       'detector.decoder.type', 'updater.type'}),
    'memotr': ('base', {'updater.type'}),
    'comot': ('base', {'assigner.policy'})
}


def row(name):
    return load(f'{FOLDER}/{name}_1xb8-2e_synthmot-street.py')


def test_all_rows_are_known():
    assert ROWS == {'full', *CHANGED}


@pytest.mark.parametrize('name', sorted(CHANGED))
def test_row_changes_nothing_else(name):
    other, keys = CHANGED[name]
    expected = {f'model.{key}' for key in keys}
    if name == 'naive':  # its own detector to start from
        expected.add('load_from')
    if name == 'align':  # no module that has to learn faster
        expected.add(
            'optim_wrapper.tracker.paramwise_cfg.custom_keys.dedup')
    changed = changed_keys(row(other)._cfg_dict, row(name)._cfg_dict)
    assert changed == expected


def test_first_row_is_the_whole_method():
    model = row('full').model
    assert model.assigner.policy == 'qbs' and model.dedup is not None
    assert model.clip_loss.align_layers == 5
    assert model.clip_loss.triplet and model.clip_loss.image_to_text
    assert model.track_book.num_context_tokens == 4
    decoder = model.detector.decoder
    assert (decoder.num_layers, decoder.num_detect_only_layers) == (6, 1)


@pytest.mark.parametrize('kind, name, folder',
                         [('dab', 'base', 'checkpoints'),
                          ('deformable', 'naive', 'work_dirs/pretrain')])
def test_detector_is_that_of_the_rows(kind, name, folder):
    leaf = f'synthmot/detector_{kind}-small_1xb16-24e_synthmot-world.py'
    pretraining, cfg = load(leaf), row(name)
    assert cfg.load_from == f'{folder}/{kind}_small_world.pth'
    assert pretraining.model == cfg.model
    assert pretraining.get('load_from') is None
    # street is for training and tests of the rows alone
    data_root = pretraining.train_dataloader.dataset.data_root
    assert data_root.endswith('/world/train')


def test_only_the_deduplication_module_learns_faster():
    keys = 'optim_wrapper', 'tracker', 'paramwise_cfg', 'custom_keys'
    for name in ('full', 'qbs'):
        cfg = row(name)
        for key in keys:
            cfg = cfg[key]
        assert cfg.dedup.lr_mult == 3.0


def test_quickstart_trains_the_row_of_the_study_in_two_processes():
    longer = read_study('longer')
    study = Config.fromfile(longer.rows['full'].config)
    study.merge_from_dict({**longer.options, **longer.rows['full'].options})
    quickstart = load('synthmot/ipmot_dab-small_2xb2-4e_synthmot-street.py')
    batch_size = study.train_dataloader.batch_size
    assert quickstart.auto_scale_lr.base_batch_size == batch_size
    assert 2 * quickstart.train_dataloader.batch_size == batch_size
    quickstart.train_dataloader.batch_size = batch_size
    quickstart.auto_scale_lr = study.auto_scale_lr
    assert fingerprint(training_settings(quickstart)) == \
        fingerprint(training_settings(study))
