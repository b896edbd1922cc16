"""What one seed fixes: every batch and every weight, bit for bit."""
import itertools
from dataclasses import replace
from unittest import mock

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipmot_mm.datasets.synthmot import render_sequence, write_sequence
from ipmot_mm.testing import config_root, tiny_model_cfg
from ipmot_mm.testing.synthetic import tiny_domain

BASES = [
    'datasets/synthmot.py', 'schedules/schedule_20e_dancetrack.py',
    'default_runtime.py'
]
COUNT = itertools.count()  # of runs, which need names of their own


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Two SynthMOT videos: 4 frames of 96 x 64 pixels, 3 near persons."""
    root = tmp_path_factory.mktemp('synthmot')
    domain = replace(
        tiny_domain(3), camera_height=1.0, feet_range=(0.85, 1.0))
    for seed in (1, 2):
        write_sequence(
            render_sequence(domain, seed, 4, (96, 64)),
            root / f'Tiny-{seed:02d}')
    return root


class Recorder(Hook):
    """Keeps the batches: pixels, boxes and what the augmentation did."""

    def __init__(self):
        self.batches = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        frames = [
            frame for sample in data_batch['data_samples']
            for frame in sample.video_data_samples
        ]
        self.batches.append([
            *(clip.clone() for clip in data_batch['inputs']),
            *(frame.gt_instances.bboxes.clone() for frame in frames),
            [(frame.img_path, frame.flip, frame.scale_factor)
             for frame in frames]
        ])


@pytest.fixture(scope='module')
def train(videos, tmp_path_factory):
    """``train()``: batches and weights of the shipped parts, two epochs."""

    def run(loading=None, seed=0, deterministic=False):
        work_dir = tmp_path_factory.mktemp('run')
        file = work_dir / 'config.py'
        bases = [(config_root() / '_base_' / name).as_posix()
                 for name in BASES]
        file.write_text(f'_base_ = {bases}')
        cfg = Config.fromfile(file)
        cfg.merge_from_dict(
            dict(
                work_dir=str(work_dir),
                experiment_name=f'determinism{next(COUNT)}',
                randomness=dict(seed=seed, deterministic=deterministic),
                train_cfg=dict(max_epochs=2),
                train_dataloader=dict(
                    batch_size=2,
                    dataset=dict(data_root=str(videos), dataset_name='tiny'),
                    **(loading or {})),
                default_hooks=dict(checkpoint=dict(interval=5)),
                log_level='ERROR'))
        cfg.model = tiny_model_cfg(with_track_book=True)
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
        cfg.test_cfg = cfg.test_dataloader = cfg.test_evaluator = None
        recorder = Recorder()
        # its formatter takes seconds
        with mock.patch.object(Config, 'pretty_text', ''):
            runner = Runner.from_cfg(cfg)
            runner.register_hook(recorder)
            runner.train()
        return recorder.batches, runner.model.state_dict()

    return run


@pytest.fixture(scope='module')
def first(train):
    """A run to compare with."""
    return train()


def same(one, other):
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, list) and not isinstance(one[0], tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def assert_same_run(one, other):
    assert len(one[0]) == len(other[0]) == 8  # 4 iterations of 2 epochs
    for number, (batch, again) in enumerate(zip(one[0], other[0])):
        assert same(batch, again), f'batch {number}'
    assert one[1].keys() == other[1].keys()
    for name, value in one[1].items():
        assert torch.equal(value, other[1][name]), name


def test_a_seed_fixes_batches_and_weights(train, first):
    assert_same_run(first, train())
    assert not same(first[0][0], first[0][4])  # of the next epoch


def test_another_seed_changes_both(train, first):
    batches, weights = train(seed=1)
    assert not any(map(same, first[0], batches))
    random = [
        name for name, value in weights.items()
        if name.endswith('bbox_head.query_embedding.weight')
        or 'cross_attn.value_proj.weight' in name
    ]
    assert random and not any(
        torch.equal(weights[name], first[1][name]) for name in random)


@pytest.mark.parametrize('loading', [
    dict(num_workers=1, persistent_workers=False),
    dict(num_workers=2, persistent_workers=True, prefetch_factor=3),
])
def test_workers_change_nothing(train, first, loading):
    assert_same_run(first, train(loading))


@pytest.fixture
def switches():
    """The global switches of torch, as they were before."""
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    yield
    cudnn.deterministic, cudnn.benchmark = before
    torch.use_deterministic_algorithms(False)


def test_deterministic_operations_train(train, first, switches):
    """None of them is missing on the CPU, where they change nothing."""
    again = train(deterministic=True)
    assert torch.are_deterministic_algorithms_enabled()
    assert_same_run(first, again)
