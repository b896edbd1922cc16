"""All configs: names, types, models, and the numbers of the paper."""
import copy
import re

import pytest
from config_samples import (CHANGED_KEYS, NO_ALIGN, NO_BALANCE, PLAIN, ROOT,
                            changed_keys, load)
from mmengine import registry as roots
from mmengine.optim import build_optim_wrapper
from mmengine.registry import Registry

from ipmot_mm import registry as ours
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing import make_clip, tiny_clip_cfg, tiny_model_cfg

LEAVES = sorted(
    path.relative_to(ROOT).as_posix() for path in ROOT.rglob('*.py')
    if '_base_' not in path.parts and path.parent != ROOT / 'studies'
    and path.parent != ROOT / 'mmtrack'  # another scope: test_compat/
    and path.parent != ROOT / 'synthmot' / 'baselines')  # nothing to train
PAPER = [leaf for leaf in LEAVES if re.match(r'ipmot/ipmot_', leaf)]
ABLATIONS = [leaf for leaf in LEAVES if leaf.startswith('ipmot/ablations/')]
BASELINES = [leaf for leaf in LEAVES if leaf.startswith('ipmot/baselines/')]
ROWS = [leaf for leaf in LEAVES if leaf.startswith('synthmot/ablations/')]
DETECTORS = [leaf for leaf in LEAVES if '/detector_' in leaf]
# {algorithm}_{detector}_{gpus}xb{batch}-{epochs}_{train}[_test-{set}]
GRAMMAR = re.compile(
    r'(ipmot|motr|memotr|comot|detector)_'
    r'(dab_r50|deformable_r50|dab-tiny|dab-small|deformable-small)_'
    r'(?P<gpus>\d+)xb(?P<batch>\d+)-'
    r'(?P<epochs>\d+)e_[a-z0-9]+(-[a-z0-9]+)*(_test-[a-z0-9]+(-[a-z0-9]+)*)?')
# {row}_{gpus}xb{batch}-{epochs}_{train}, all on one small model
ROW_GRAMMAR = re.compile(
    r'[a-z0-9]+_(?P<gpus>\d+)xb(?P<batch>\d+)-(?P<epochs>\d+)e_'
    r'synthmot-street')
ABLATION_GRAMMAR = re.compile(
    r'[a-z0-9]+(-[a-z0-9]+)*_(?P<epochs>\d+)e_[a-z0-9-]+_test-[a-z0-9-]+')


def nodes(cfg):
    """All dicts inside of a config."""
    if isinstance(cfg, dict):
        yield cfg
        cfg = list(cfg.values())
    if isinstance(cfg, (list, tuple)):
        for value in cfg:
            yield from nodes(value)


def test_the_leaves_of_the_paper_are_there():
    assert len(LEAVES) >= 6
    assert [leaf.split('/')[1] for leaf in PAPER] == [
        'ipmot_dab_r50_8xb1-120e_mot17-crowdhuman.py',
        'ipmot_dab_r50_8xb1-120e_mot17-crowdhuman_test-mot20.py',
        'ipmot_dab_r50_8xb1-20e_dancetrack.py',
        'ipmot_deformable_r50_8xb1-20e_dancetrack.py'
    ]


@pytest.mark.parametrize('leaf', LEAVES)
def test_name_says_what_the_config_does(leaf):
    grammar = GRAMMAR
    if leaf in ABLATIONS + ROWS:
        grammar = ROW_GRAMMAR if leaf in ROWS else ABLATION_GRAMMAR
    match = grammar.fullmatch(leaf.split('/')[-1][:-len('.py')])
    assert match, leaf
    cfg = load(leaf)
    assert cfg.train_cfg.max_epochs == int(match['epochs'])
    base = cfg.auto_scale_lr.base_batch_size
    if leaf not in ABLATIONS:
        assert cfg.train_dataloader.batch_size == int(match['batch'])
        assert base == int(match['gpus']) * int(match['batch'])


@pytest.mark.parametrize('leaf', LEAVES)
def test_workers_stay_and_their_memory_is_pinned(leaf):
    cfg = load(leaf)
    loaders = [cfg.get(f'{split}_dataloader')
               for split in ('train', 'val', 'test')]
    for loader in loaders:
        if loader and loader.num_workers > 0:
            assert loader.persistent_workers and loader.pin_memory
    assert cfg.model.data_preprocessor.non_blocking


@pytest.mark.parametrize('leaf', LEAVES)
def test_every_type_resolves(leaf):
    cfg = load(leaf)
    assert cfg.default_scope == 'ipmot_mm'
    everywhere = [
        value for module in (ours, roots) for value in vars(module).values()
        if isinstance(value, Registry)
    ]
    types = {node['type'] for node in nodes(cfg._cfg_dict) if 'type' in node}
    assert len(types) > 30
    lost = {
        name
        for name in types if all(
            registry.get(name) is None for registry in everywhere)
    }
    assert not lost


def build_shrunk(leaf):
    """The model of a config with thin layers, but as many of the decoder."""
    cfg = load(leaf).model
    if leaf.startswith('ipmot/'):
        decoder = cfg.detector.decoder
        cfg = tiny_model_cfg(
            cfg,
            num_layers=decoder.num_layers,
            num_detect_only_layers=decoder.num_detect_only_layers,
            with_track_book=cfg.get('track_book') is not None)
    elif cfg.get('track_book') is not None:
        cfg.track_book.clip.pretrained = None  # a file of prepare_study.sh
    # nothing untrained is confident, but its tracks shall be updated, too
    cfg.updater.update_score_thr = 0.0
    cfg.assigner.update(iou_thr=0.0, track_score_thr=0.0)
    model = MODELS.build(cfg)
    model.init_weights()
    return model.train()


def train_once(model, optim_wrapper):
    """Values logged by a step on a clip of two frames and two objects."""
    optimizers = build_optim_wrapper(model, optim_wrapper)
    if model.track_book is not None:
        model.track_book.set_identity_map(
            IdentityMap.from_keys(('tiny', 'clip', i) for i in range(2)))
    return model.train_step(make_clip(2, num_frames=2), optimizers)


@pytest.mark.parametrize('leaf', LEAVES)
def test_model_learns_when_shrunk(leaf):
    cfg = load(leaf)
    model = build_shrunk(leaf)
    before = copy.deepcopy(model.state_dict())
    log_vars = train_once(model, cfg.optim_wrapper)
    assert all(value.isfinite() for value in log_vars.values())
    moved = {
        name.split('.')[0]
        for name, value in model.state_dict().items()
        if name not in before or not value.equal(before[name])
    }
    parts = {'detector', 'updater', 'dedup', 'track_book'}
    assert moved == {part for part in parts if cfg.model.get(part)}
    assert ('loss_i2t' in log_vars) == (model.track_book is not None)
    assert ('loss_dedup' in log_vars) == (model.dedup is not None)


@pytest.mark.parametrize('leaf', LEAVES)
def test_schedules_end_with_the_training(leaf):
    cfg = load(leaf)
    epochs = cfg.train_cfg.max_epochs
    for scheduler in cfg.param_scheduler.tracker:
        assert all(m < epochs for m in scheduler.get('milestones', ()))
        assert scheduler.get('T_max', epochs) == epochs
    if leaf in DETECTORS:  # single frames, no TrackBook
        assert cfg.train_dataloader.sampler.num_frames == 1
        assert not cfg.custom_hooks and cfg.model.track_book is None
    else:
        cosine = cfg.param_scheduler.track_book[-1]
        assert cosine.type == 'CosineAnnealingLR' and cosine.T_max == epochs
        hook = next(h for h in cfg.custom_hooks if h.type == 'ClipLengthHook')
        assert hook.schedule[0][0] == 0 and hook.schedule[-1][0] < epochs
    assert cfg.val_dataloader.batch_size == 1
    assert cfg.test_dataloader.batch_size == 1


@pytest.mark.parametrize('leaf', PAPER)
def test_numbers_of_section_4_2(leaf):
    cfg = load(leaf)
    model, optim = cfg.model, cfg.optim_wrapper
    assert optim.tracker.optimizer == dict(
        type='AdamW',
        lr=2e-4,
        weight_decay=optim.tracker.optimizer.weight_decay)
    assert optim.track_book.optimizer.type == 'RowwiseAdamW'
    assert optim.track_book.optimizer.lr == 3.5e-4
    loss = model.clip_loss
    assert (loss.cls_weight, loss.bbox_weight, loss.iou_weight) == (2, 5, 2)
    assert (loss.triplet.loss_weight, loss.triplet.margin) == (2, 0.3)
    assert loss.image_to_text.loss_weight == 4
    assert loss.align_layers == 5  # Table 5
    assert model.track_book.num_context_tokens == 4  # Table 4
    assert model.track_book.clip.model_name.startswith('ViT-B-16')
    assert model.track_book.clip.image_size == (256, 128)
    assert model.track_book.template == 'A photo of a {} person.'
    assert model.tracker.track_score_thr == model.assigner.track_score_thr \
        == 0.5
    assert model.assigner.policy == 'qbs'
    assert model.detector.num_queries == 300
    assert model.detector.encoder.num_layers == 6
    assert model.detector.decoder.num_layers == 6
    assert cfg.train_dataloader.sampler.max_interval == 10
    assert cfg.auto_scale_lr.base_batch_size == 8


@pytest.mark.parametrize('leaf', PAPER)
def test_schedule_of_each_data_set(leaf):
    cfg = load(leaf)
    dance = 'dancetrack' in leaf
    (drop, ) = cfg.param_scheduler.tracker
    assert drop.gamma == 0.1
    assert cfg.train_cfg.max_epochs == (20 if dance else 120)
    assert list(drop.milestones) == [10 if dance else 60]
    assert cfg.model.tracker.miss_tolerance == (30 if dance else 15)
    deformable = 'deformable_r50' in leaf
    kind = 'DeformableDetector' if deformable else 'DABDeformableDetector'
    assert cfg.model.detector.type == kind


# align, query-balanced strategy with deduplication, M, L (Tables 4 to 7)
ABLATION_TABLE = {
    'naive': ('', False, None, None), 'base': ('', False, None, None),
    'tri': ('t', False, None, 5), 'i2tce': ('i', False, 4, 5),
    'align': ('ti', False, 4, 5), 'qbs': ('', True, None, None),
    'full': ('ti', True, 4, 5), 'm2': ('ti', False, 2, 5),
    'm6': ('ti', False, 6, 5), 'm8': ('ti', False, 8, 5),
    'l1': ('ti', False, 4, 1), 'l3': ('ti', False, 4, 3)
}  # yapf: disable


def ablation(name):
    return load(f'ipmot/ablations/{name}_10e_mot17-half_test-mot20-half.py')


def test_all_ablations_are_there():
    names = {leaf.split('/')[-1].split('_')[0] for leaf in ABLATIONS}
    assert names == set(ABLATION_TABLE) == {'full', *CHANGED_KEYS}


@pytest.mark.parametrize('name', sorted(CHANGED_KEYS))
def test_ablation_changes_nothing_else(name):
    other, keys = CHANGED_KEYS[name]
    changed = changed_keys(ablation(other)._cfg_dict, ablation(name)._cfg_dict)
    assert changed == {f'model.{key}' for key in keys}


def test_ablations_train_and_test_on_the_halves():
    cfg = ablation('full')
    train, test = cfg.train_dataloader.dataset, cfg.test_dataloader.dataset
    assert (train.dataset_name, train.half) == ('mot17', 'train')
    assert (test.dataset_name, test.half) == ('mot20', 'val')
    assert test == cfg.val_dataloader.dataset
    assert cfg.test_evaluator == dict(
        type='TrackEvalMetric', benchmark='MOT20')


@pytest.mark.parametrize('leaf', ABLATIONS)
def test_ablation_switches_what_its_name_says(leaf):
    name = leaf.split('/')[-1].split('_')[0]
    align, balanced, num_tokens, num_layers = ABLATION_TABLE[name]
    model = load(leaf).model
    loss = model.clip_loss
    assert (loss.get('triplet') is not None) == ('t' in align)
    assert (loss.get('image_to_text') is not None) == ('i' in align)
    assert (model.get('track_book') is not None) == ('i' in align)
    assert (model.assigner.policy == 'qbs') == balanced
    assert (model.get('dedup') is not None) == balanced
    assert (loss.get('dedup') is not None) == balanced
    if num_tokens:
        assert model.track_book.num_context_tokens == num_tokens
    if num_layers:
        assert loss.align_layers == num_layers
    kind = 'DeformableDetector' if name == 'naive' else 'DABDeformableDetector'
    assert model.detector.type == kind


@pytest.mark.parametrize('leaf', ABLATIONS)
def test_ablation_trains_what_its_name_says(leaf):
    align, balanced, num_tokens, num_layers = ABLATION_TABLE[
        leaf.split('/')[-1].split('_')[0]]
    model = build_shrunk(leaf)
    log_vars = train_once(model, load(leaf).optim_wrapper)
    names = [key.split('.')[-1] for key in log_vars]
    assert names.count('loss_cls') == 6
    for letter, name in (('t', 'loss_triplet'), ('i', 'loss_i2tce')):
        expected = num_layers if letter in align else 0
        assert names.count(name) == expected, name
    assert names.count('loss_dedup') == int(balanced)
    if num_tokens:
        width = tiny_clip_cfg()['text_cfg']['width']
        assert model.track_book.tokens.shape == (2, num_tokens * width)


# Updater, label assignment, layers of detect queries alone
BASELINE_TABLE = {
    'motr': ('PositionalQueryUpdater', 'tala', 0),
    'memotr': ('MemoryQueryUpdater', 'tala', 1),
    'comot': ('QueryUpdater', 'cola', 1),
}
# What each one changes of another config, key by key
BASELINE_KEYS = {
    'memotr': ('ipmot', NO_ALIGN | NO_BALANCE | {'updater.type'}),
    'comot': ('memotr', {'updater.type', 'assigner.policy'}),
    'motr': ('ipmot', NO_ALIGN | NO_BALANCE | PLAIN | {
        'detector.decoder.num_detect_only_layers', 'updater.update_score_thr',
        'assigner.track_drop_prob', 'tracker.track_score_thr',
        'tracker.newborn_score_thr', 'tracker.output_score_thr',
        'tracker.miss_tolerance'
    }),
}  # yapf: disable


def mot20(name):
    """The config of an algorithm for the benchmark MOT20."""
    leaf, = (leaf for leaf in LEAVES if re.fullmatch(
        rf'ipmot/(baselines/)?{name}_d.*_8xb1-120e_mot17-crowdhuman_test-mot20'
        r'\.py', leaf))
    return load(leaf)


@pytest.mark.parametrize('name', sorted(BASELINE_KEYS))
def test_baseline_changes_nothing_else(name):
    other, keys = BASELINE_KEYS[name]
    changed = changed_keys(mot20(other)._cfg_dict, mot20(name)._cfg_dict)
    assert changed == {f'model.{key}' for key in keys}


def test_thresholds_of_motr():
    # megvii-research/MOTR @8690da3, models/motr.py:303-325, and the
    # --random_drop 0.1 of its scripts
    model = mot20('motr').model
    tracker = model.tracker
    assert (tracker.track_score_thr, tracker.newborn_score_thr,
            tracker.output_score_thr, tracker.miss_tolerance) == (0.6, 0.7,
                                                                  0.7, 5)
    assert model.assigner.track_drop_prob == 0.1
    assert model.updater.update_score_thr == 0.0


def test_all_baselines_are_there():
    names = {leaf.split('/')[-1].split('_')[0] for leaf in BASELINES}
    assert names == set(BASELINE_TABLE)


@pytest.mark.parametrize('leaf', BASELINES)
def test_baseline_is_what_its_name_says(leaf):
    model = load(leaf).model
    assert (model.updater.type, model.assigner.policy,
            model.detector.decoder.num_detect_only_layers
            ) == BASELINE_TABLE[leaf.split('/')[-1].split('_')[0]]
    assert model.dedup is model.track_book is model.clip_loss.triplet is None
