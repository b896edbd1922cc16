"""Recomputing parts of the model changes memory, not results."""
import pytest
import torch
import torch.multiprocessing as mp
from torch.autograd.graph import saved_tensors_hooks

from ipmot_mm.engine.distributed import IPMOTDistributedDataParallel
from ipmot_mm.engine.optim import AlternatingOptimWrapperConstructor
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing import make_clip, tiny_model_cfg

PARTS = ('backbone', 'encoder', 'decoder')
LEVELS = [(), *[(part, ) for part in PARTS], PARTS]
OBJECTS = (3, 2)  # on each rank
ADAMW = dict(type='AdamW', lr=1e-3)
ZERO = dict(type='ZeroRedundancyOptimizer', optimizer_type='AdamW', lr=1e-3)


def build(level, trained_norms=False):
    cfg = tiny_model_cfg(with_track_book=True)
    cfg.assigner.update(track_score_thr=0.0, iou_thr=0.0)
    cfg.updater.update_score_thr = 0.0
    for part in level:
        cfg.detector[part].with_cp = True
    if trained_norms:
        cfg.detector.backbone.update(
            norm_cfg=dict(type='BN', requires_grad=True),
            norm_eval=False, frozen_stages=-1)
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    model.train()
    return model


def train(level, rank=0, wrap=False, trained_norms=False, optimizer=ADAMW):
    """Losses of two steps, gradients of the last, buffers and moments."""
    model = runs = build(level, trained_norms)
    if wrap:
        runs = IPMOTDistributedDataParallel(
            module=model, find_unused_parameters=True,
            broadcast_buffers=False)
    optimizers = AlternatingOptimWrapperConstructor(
        dict(
            tracker=dict(optimizer=dict(optimizer)),
            track_book=dict(optimizer=dict(type='RowwiseAdamW'))))(runs)
    model.track_book.set_identity_map(
        IdentityMap.from_keys(('a', 'b', i) for i in range(1, 8)))
    grads = {}
    step = optimizers['tracker'].optimizer.step

    def keep_gradients(*args, **kwargs):
        grads.update({
            name: parameter.grad.clone()
            for name, parameter in model.named_parameters()
            if parameter.grad is not None
        })
        return step(*args, **kwargs)

    optimizers['tracker'].optimizer.step = keep_gradients
    logs = [
        runs.train_step(
            make_clip(OBJECTS[rank], num_frames=2, seed=10 * i + rank),
            optimizers) for i in range(2)
    ]
    local = optimizers['tracker'].optimizer
    local = getattr(local, 'optim', local)  # the part of this rank
    moments = sum(state['exp_avg'].numel() for state in local.state.values())
    return logs, grads, dict(model.named_buffers()), moments


def assert_same(found, expected):
    for log, wanted in zip(found[0], expected[0]):
        assert log.keys() == wanted.keys() and len(wanted) > 8
        for name, value in wanted.items():
            torch.testing.assert_close(log[name], value, msg=name)
    for values, wanted in zip(found[1:3], expected[1:3]):
        assert values.keys() == wanted.keys() and len(wanted) > 20
        for name, value in wanted.items():
            torch.testing.assert_close(
                values[name], value, rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.parametrize('levels, trained_norms', [
    (LEVELS[1:], False), ([('backbone', )], True)])
def test_levels_agree_in_one_process(levels, trained_norms):
    expected = train((), trained_norms=trained_norms)
    for level in levels:
        assert_same(train(level, trained_norms=trained_norms), expected)


def _train_ranks(rank, folder):
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    runs = [((), ADAMW), (PARTS, ADAMW), (PARTS, ZERO)]
    torch.save([
        train(level, rank, wrap=True, optimizer=optimizer)
        for level, optimizer in runs
    ], f'{folder}/rank{rank}.pth')
    torch.distributed.destroy_process_group()


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    folder = tmp_path_factory.mktemp('ranks')
    mp.spawn(_train_ranks, (str(folder), ), nprocs=2)
    return [torch.load(folder / f'rank{rank}.pth') for rank in range(2)]


def test_levels_agree_on_two_ranks(ranks):
    for plain, recomputing, _ in ranks:
        assert_same(recomputing, plain)
    for first, second in zip(*ranks):  # DDP has seen every gradient
        for name, grad in first[1].items():
            torch.testing.assert_close(grad, second[1][name], msg=name)


def test_shared_moments_change_nothing_but_their_memory(ranks):
    """ZeRO stage 1 by torch; its checkpoints are another matter."""
    held = [[run[3] for run in results] for results in ranks]
    for (plain, _, shared), (everything, _, part) in zip(ranks, held):
        assert_same(shared, plain)
        assert 0.3 * everything < part < 0.7 * everything
    assert sum(row[2] for row in held) == held[0][0]


def saved_bytes(level):
    """Bytes that the forward pass keeps for the backward pass."""
    model = build(level)
    known = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    model.clip_loss.image_to_text = None
    data = model.data_preprocessor(make_clip(3, num_frames=2), True)
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        losses = model(**data, mode='loss')
    del losses
    return sum(size for size, _ in kept.values())


def test_every_level_keeps_less():
    plain, *levels, everything = [saved_bytes(level) for level in LEVELS]
    assert all(everything < level < 0.95 * plain for level in levels)
    assert everything < 0.6 * plain
