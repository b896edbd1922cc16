"""Does one loss decide where a tracker learns to?

Prints, for each part of the model, the norm of the gradient of each kind of
loss, with its weight, and its cosine with that of detection (class and
boxes): mean over some batches of the training data.

Example:
    python tools/analysis_tools/compare_gradients.py CONFIG CHECKPOINT
"""
import argparse
import sys
from typing import Dict, List, Optional, Sequence, Tuple

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import Tensor, nn

from ipmot_mm.cli import add_cfg_options, read_config
from ipmot_mm.compat.checkpoint import load_weights
from ipmot_mm.models.mot.clip_batch import ClipBatch
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.user_errors import CommandError, positive, run_tool

KINDS = dict(
    loss_cls='detection',
    loss_bbox='detection',
    loss_iou='detection',
    loss_dedup='dedup',
    loss_triplet='triplet',
    loss_i2tce='i2tce')
PARTS = ('backbone', 'encoder', 'decoder', 'updater')
Pull = Dict[Tuple[str, str], Tensor]
"""Gradient of a kind of loss at a part, flat."""


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Gradient of each loss at each part of a tracker.')
    parser.add_argument('config', help='config of a training')
    parser.add_argument(
        'checkpoint', help='of that training, with its TrackBook')
    parser.add_argument(
        '--num-frames', type=positive, default=4, help='of a clip')
    parser.add_argument('--num-batches', type=positive, default=4)
    parser.add_argument(
        '--num-threads', type=positive, default=1, help='of the CPU')
    add_cfg_options(parser)
    return parser.parse_args(argv)


def compare(args: argparse.Namespace) -> None:
    """Print the table."""
    torch.set_num_threads(args.num_threads)
    cfg = read_config(args.config, args.cfg_options)
    init_default_scope(cfg.default_scope)
    cfg.train_dataloader.sampler.num_frames = args.num_frames
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    model = load(cfg, args.checkpoint, loader.dataset.identity_map)
    pulls = [
        measure(model, data)
        for _, data in zip(range(args.num_batches), loader)
    ]
    kinds = list(dict.fromkeys(kind for kind, _ in pulls[0]))
    print_row('', [text for kind in kinds for text in (kind, 'cos')])
    for part in PARTS:
        cells: List[str] = []
        for kind in kinds:
            own = [pull[kind, part] for pull in pulls]
            base = [pull['detection', part] for pull in pulls]
            cosines = [
                torch.cosine_similarity(*pair, dim=0)
                for pair in zip(own, base)
            ]
            cells.append(f'{mean([grad.norm() for grad in own]):.2f}')
            cells.append(f'{mean(cosines):.2f}')
        print_row(part, cells)


def load(cfg: Config, checkpoint: str, identities: IdentityMap) -> nn.Module:
    """The tracker with its TrackBook, in training mode."""
    model = MODELS.build(cfg.model)
    model.build_track_book()
    weights = load_weights(checkpoint)
    if model.track_book is not None:
        if 'track_book.tokens' not in weights:
            raise CommandError(
                f'{checkpoint} has no TrackBook, and the losses of the config '
                'need one; give a checkpoint as the training wrote it')
        model.track_book.set_identity_map(identities)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = ' '.join(str(error).split())[:200]
        raise CommandError(f'{checkpoint} does not fit the config: {reason}; '
                           'give a checkpoint of this training') from error
    return model.train()


def measure(model: nn.Module, data: dict) -> Pull:
    """Gradients of one batch; nothing is trained."""
    batch = ClipBatch.of(data, model.data_preprocessor)
    texts = None
    if model.track_book is not None:
        texts = model.describe_identities(batch.targets)
    losses = model.loss(
        batch.inputs, batch.data_samples, texts, targets=batch.targets)
    sums: Dict[str, Tensor] = {}
    for name, loss in losses.items():
        kind = KINDS[name.split('.')[-1]]  # d0.loss_cls: first layer
        sums[kind] = sums.get(kind, 0) + loss
    return {(kind, part): gradient(total, weights_of(model, part))
            for kind, total in sums.items()
            for part in PARTS}


def weights_of(model: nn.Module, part: str) -> List[Tensor]:
    """What is trained in a part."""
    return [
        weight for name, weight in model.named_parameters()
        if part in name.split('.') and weight.requires_grad
    ]


def gradient(loss: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """Of all weights in one vector; 0 where the loss does not reach."""
    grads = torch.autograd.grad(
        loss, weights, retain_graph=True, allow_unused=True)
    return torch.cat([
        torch.zeros(weight.numel()) if grad is None else grad.flatten()
        for grad, weight in zip(grads, weights)
    ])


def mean(values: Sequence[Tensor]) -> float:
    """Of scalars."""
    return float(torch.stack(list(values)).mean())


def print_row(head: str, cells: Sequence[str]) -> None:
    """One line of the table."""
    sys.stdout.write(f'{head:10}' + ''.join(f'{c:>11}' for c in cells) + '\n')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    args = parse_args(argv)
    return run_tool(compare, args)


if __name__ == '__main__':
    sys.exit(main())
