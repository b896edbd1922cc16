"""Train a small CLIP on crops and captions of SynthMOT.

Example:
    python tools/dataset_converters/make_synthmot.py data/synthmot \
        --domains world --num-train 400 --num-val 60 --num-frames 8
    python tools/train_clip.py configs/_base_/models/ipmot_dab_small.py \
        --data-root data/synthmot/world --out clip_tiny_world.pt
"""
import argparse
import sys
from dataclasses import fields
from typing import Optional, Sequence

import torch
from mmengine.logging import MMLogger

from ipmot_mm.cli import add_cfg_options, read_config
from ipmot_mm.engine.language_image.contrastive_training import \
    TrainingSettings
from ipmot_mm.engine.language_image.small_clip import (model_cfg_of,
                                                       train_small_clip)
from ipmot_mm.user_errors import positive, run_tool


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    default = TrainingSettings()
    parser = argparse.ArgumentParser(
        description='Train the CLIP of a config on persons and captions of '
        'SynthMOT; its TrackBook loads the file by clip.pretrained.')
    parser.add_argument(
        'config', help='config whose model.track_book.clip.model_cfg to train')
    parser.add_argument(
        '--data-root',
        required=True,
        help='domain to learn from, with train and val')
    parser.add_argument(
        '--out', required=True, help='weight file to write, such as clip.pt')
    parser.add_argument(
        '--test-roots',
        nargs='*',
        default=[],
        metavar='DIR',
        help='other folders of sequences to test on')
    parser.add_argument(
        '--num-steps', type=positive, default=default.num_steps)
    parser.add_argument(
        '--batch-size', type=positive, default=default.batch_size)
    parser.add_argument(
        '--num-questions', type=positive, default=default.num_questions)
    parser.add_argument('--lr', type=float, default=default.lr)
    parser.add_argument('--seed', type=int, default=default.seed)
    parser.add_argument(
        '--keep-norms',
        action='store_true',
        help='leave the lengths of features as they are, so that their dot '
        'product is not the cosine times the trained scale')
    parser.add_argument(
        '--num-threads', type=positive, default=1, help='of the CPU')
    add_cfg_options(parser)
    return parser.parse_args(argv)


def train(args: argparse.Namespace) -> None:
    """Train, test, write."""
    MMLogger.get_instance('train_clip')
    torch.set_num_threads(args.num_threads)
    cfg = read_config(args.config, args.cfg_options)
    names = {field.name for field in fields(TrainingSettings)}
    report = train_small_clip(
        model_cfg_of(cfg, args.config),
        args.data_root,
        args.out,
        test_roots=args.test_roots,
        keep_norms=args.keep_norms,
        settings=TrainingSettings(
            **{k: v for k, v in vars(args).items() if k in names}))
    for name, scores in report['trained'].items():
        chance = report['random'][name]
        sys.stdout.write(f'{name} ({scores["num_crops"]:.0f} crops)\n')
        for key, value in scores.items():
            if not key.startswith('num_'):
                sys.stdout.write(
                    f'  {key:<22}{value:7.3f}  random {chance[key]:.3f}\n')
    for name, file in report['files'].items():
        sys.stdout.write(
            f'{name}: {file["bytes"] / 1e6:.2f} MB, {file["sha256"]}\n')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(train, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
