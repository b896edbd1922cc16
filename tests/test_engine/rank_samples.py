"""A small training that can be dealt out over ranks and micro-batches."""
import contextlib
import functools
import logging
import os
from dataclasses import dataclass
from typing import Optional
from unittest import mock

import numpy as np
import torch
import torch.multiprocessing as mp

from ipmot_mm.engine.distributed import IPMOTDistributedDataParallel
from ipmot_mm.engine.optim import AlternatingOptimWrapperConstructor
from ipmot_mm.models.track_book.clip_encoders import build_clip
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing import make_clip, tiny_model_cfg

NUM_CLIPS = 4  # of a batch, over all ranks
NUM_ROWS = 9  # identities 0 to 6 occur, on all ranks; 7 and 8 never
ADAM = dict(
    tracker=dict(
        optimizer=dict(type='AdamW', lr=1e-3), clip_grad=dict(max_norm=0.1)),
    track_book=dict(optimizer=dict(type='RowwiseAdamW', lr=1e-2)))
SGD = dict(
    tracker=dict(optimizer=dict(type='SGD', lr=1e-3)),
    track_book=dict(optimizer=dict(type='SGD', lr=1e-2)))

COUNTS = np.random.default_rng(0).integers(0, 5, (20, NUM_CLIPS))
"""Objects of each clip, in each step."""
COUNTS[3] = 0, 3, 0, 2  # micro-batches and ranks without a track
COUNTS[7] = 0  # no crop on any rank
COUNTS[11] = 4, 0, 0, 0  # the last micro-batch does not use the updater
COUNTS[15] = 0, 0, 0, 5


@dataclass(frozen=True)
class Training:
    """What one run does; every rank gets NUM_CLIPS / world_size clips."""
    steps: tuple
    micro_batch_size: Optional[int] = None
    first_micro_batch_size: Optional[int] = None  # of rank 0, if another
    is_double: bool = True
    optim: str = 'ADAM'
    poisoned: tuple = ()  # positions in steps
    poison: str = 'box'  # of the last clip is NaN; or a 'constant' infinity
    max_non_finite: int = 10


def make_batch(step, is_poisoned=False):
    data = make_clip(
        *COUNTS[step].tolist(), num_frames=2, size=(48, 48), seed=10 * step)
    for clip in data['data_samples']:
        for frame in clip.video_data_samples:
            frame.gt_instances.identities %= 7
    if is_poisoned:
        boxes = data['data_samples'][-1][1].gt_instances.bboxes
        boxes[0, 2] = torch.nan
    return data


@contextlib.contextmanager
def double_precision(enabled):
    """Casts to float32 become casts to float64, the default dtype too."""
    if not enabled:
        yield
        return
    with mock.patch.object(torch.Tensor, 'float', torch.Tensor.double):
        torch.set_default_dtype(torch.float64)
        try:
            yield
        finally:
            torch.set_default_dtype(torch.float32)


def build(training, rank):
    """Model and optimisers; the same weights in every process."""
    torch.manual_seed(0)
    cfg = tiny_model_cfg(
        embed_dims=16, num_queries=8, num_levels=1, with_track_book=True)
    # bold: every object that was found becomes a track
    cfg.assigner.update(track_score_thr=0.0, iou_thr=0.0)
    size = training.micro_batch_size
    if rank == 0 and training.first_micro_batch_size is not None:
        size = training.first_micro_batch_size
    cfg.update(
        micro_batch_size=size,
        max_non_finite=training.max_non_finite)
    optim = dict(ADAM=ADAM, SGD=SGD)[training.optim]
    dtype = torch.float64 if training.is_double else torch.float32
    with quick_build():
        model = MODELS.build(cfg)
        model.init_weights()
        model.to(dtype).train()
        wrapped = model
        if torch.distributed.is_initialized():
            wrapped = IPMOTDistributedDataParallel(
                module=model,
                find_unused_parameters=True,
                broadcast_buffers=False)
        optimizers = AlternatingOptimWrapperConstructor(optim)(wrapped)
    model.track_book.to(dtype)  # with both towers
    model.track_book.set_identity_map(
        IdentityMap.from_keys(('a', 'b', i) for i in range(NUM_ROWS)))
    return model, wrapped, optimizers


@functools.lru_cache()
def tiny_clip():
    """One CLIP for all models of a process: the tokenizer takes a second."""
    return build_clip(**tiny_model_cfg(with_track_book=True).track_book.clip)


@contextlib.contextmanager
def quick_build():
    """Also without a log of every weight."""
    tiny_clip()
    logging.disable(logging.INFO)
    try:
        with mock.patch('ipmot_mm.models.track_book.track_book_head.'
                        'build_clip', lambda **kwargs: tiny_clip()):
            yield
    finally:
        logging.disable(logging.NOTSET)


@contextlib.contextmanager
def infinite_loss(model, enabled):
    """An infinity that no gradient carries to the other ranks."""
    reduce = model.clip_loss.reduce

    def spoil(*args):
        return {**reduce(*args), 'loss_x': torch.tensor(torch.inf)}

    with mock.patch.object(model.clip_loss, 'reduce',
                           spoil if enabled else reduce):
        yield


def train(training, rank=0, world_size=1):
    """Run the steps.

    Returns:
        dict: ``logs``, ``weights`` and ``rows`` after each step, the rows at
        the ``start``, the last ``state`` of the optimisers, ``reports`` of
        skipped iterations and ``error``, the message that ended it.
    """
    share = NUM_CLIPS // world_size
    mine = slice(rank * share, (rank + 1) * share)
    result = dict(logs=[], weights=[], rows=[], reports=[], error=None)
    with double_precision(training.is_double), mock.patch(
            'ipmot_mm.models.mot.non_finite_guard.print_log',
            lambda message, **kwargs: result['reports'].append(message)):
        model, wrapped, optimizers = build(training, rank)
        result['start'] = model.track_book.tokens.detach().clone()
        for position, step in enumerate(training.steps):
            is_poisoned = position in training.poisoned
            is_constant = is_poisoned and training.poison == 'constant'
            data = make_batch(step, is_poisoned and not is_constant)
            spoiled = is_constant and rank == world_size - 1
            try:
                with infinite_loss(model, spoiled):
                    log_vars = wrapped.train_step(
                        {key: values[mine]
                         for key, values in data.items()}, optimizers)
            except ValueError as error:
                result['error'] = str(error)
                break
            result['logs'].append(
                {name: float(value)
                 for name, value in log_vars.items()})
            result['weights'].append(
                torch.nn.utils.parameters_to_vector(
                    optimizers['tracker'].param_groups[0]['params']).detach())
            result['rows'].append(model.track_book.tokens.detach().clone())
        result['state'] = {
            name: wrapper.optimizer.state_dict()
            for name, wrapper in optimizers.items()
        }
    return result


def _run_rank(rank, world_size, folder, trainings):
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/store',
        rank=rank,
        world_size=world_size)
    results = {
        name: train(training, rank, world_size)
        for name, training in trainings.items()
    }
    torch.save(results, f'{folder}/rank{rank}.pth')
    torch.distributed.destroy_process_group()


def train_on_ranks(world_size, folder, **trainings):
    """Results of all ranks: ``{name: [result of rank 0, ...]}``.

    The fork server imports once what every rank needs; plain forking is not
    safe once a GPU was touched.
    """
    os.makedirs(folder, exist_ok=True)
    mp.get_context('forkserver').set_forkserver_preload(
        ['ipmot_mm.testing', 'open_clip'])
    mp.start_processes(
        _run_rank, (world_size, str(folder), trainings),
        nprocs=world_size,
        start_method='forkserver')
    ranks = [
        torch.load(f'{folder}/rank{rank}.pth') for rank in range(world_size)
    ]
    return {name: [rank[name] for rank in ranks] for name in trainings}
