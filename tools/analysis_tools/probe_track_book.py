"""Ask what the prompts of a TrackBook learn from a CLIP.

Prompts of some persons are tuned with the losses of the TrackBook on crops of
a domain, once with the weights of tools/train_clip.py and once with random
ones, and with both similarities.

Example:
    python tools/analysis_tools/probe_track_book.py \
        configs/_base_/models/ipmot_dab_small.py \
        --pretrained clip_tiny_world.pt --out probe.json \
        --data-root data/synthmot/street/train
"""
import argparse
import itertools
import json
import sys
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import torch

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.cli import add_cfg_options, read_config
from ipmot_mm.engine.language_image.person_crops import load_person_crops
from ipmot_mm.engine.language_image.prompt_probe import (ProbeSettings,
                                                         probe_prompts,
                                                         split_crops)
from ipmot_mm.engine.language_image.small_clip import model_cfg_of
from ipmot_mm.user_errors import positive, run_tool


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Tune prompts on crops of persons and ask what they say.')
    parser.add_argument(
        'config', help='config with model.track_book.clip.model_cfg')
    parser.add_argument(
        '--data-root', required=True, help='folder of SynthMOT sequences')
    parser.add_argument(
        '--pretrained', required=True, help='weights of tools/train_clip.py')
    parser.add_argument('--out', required=True, help='JSON file to write')
    parser.add_argument('--num-persons', type=positive, default=60)
    parser.add_argument('--num-steps', type=positive, default=300)
    parser.add_argument(
        '--lrs', type=float, nargs='+', default=[3.5e-4, 3.5e-3, 3.5e-2])
    parser.add_argument(
        '--seeds', type=int, nargs='+', default=[0, 1, 2],
        help='of persons, tokens and random towers')
    parser.add_argument(
        '--num-threads', type=positive, default=1, help='of the CPU')
    add_cfg_options(parser)
    return parser.parse_args(argv)


def probe(args: argparse.Namespace) -> None:
    """Tune, measure, write."""
    torch.set_num_threads(args.num_threads)
    model_cfg = model_cfg_of(
        read_config(args.config, args.cfg_options), args.config)
    data = load_person_crops(
        args.data_root,
        size=tuple(model_cfg['vision_cfg']['image_size']),
        crops_per_person=16)
    rows: List[Dict[str, Any]] = []
    variants = itertools.product(('trained', 'random'), (False, True),
                                 args.lrs)
    for towers, normalize, lr in variants:
        results = []
        for seed in args.seeds:
            tune, test = split_crops(data, args.num_persons, seed)
            clip = dict(
                model_cfg=model_cfg,
                seed=seed,
                pretrained=args.pretrained if towers == 'trained' else None)
            results.append(
                probe_prompts(
                    clip, tune, test,
                    ProbeSettings(
                        normalize_features=normalize,
                        num_steps=args.num_steps,
                        lr=lr,
                        seed=seed)))
        rows.append(
            dict(
                towers=towers,
                normalize_features=normalize,
                lr=lr,
                **{
                    key: round(float(np.mean([r[key] for r in results])), 4)
                    for key in results[0]
                }))
        sys.stdout.write(_line(rows[-1]))
        write_atomically(
            args.out,
            json.dumps(
                dict(
                    data_root=args.data_root,
                    num_persons=len(tune.persons),
                    num_steps=args.num_steps,
                    seeds=args.seeds,
                    rows=rows),
                indent=1) + '\n')


def _line(row: Dict[str, Any]) -> str:
    return (f'{row["towers"]:8} '
            f'{"cosine" if row["normalize_features"] else "dot":6} '
            f'lr {row["lr"]:<7g} loss {row["first_loss"]:6.2f} -> '
            f'{row["last_loss"]:5.2f}  held-out crops '
            f'{row["prompt_top1"]:.3f}  top colour of prompt '
            f'{row["top_color_of_prompt"]:.3f}\n')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(probe, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
