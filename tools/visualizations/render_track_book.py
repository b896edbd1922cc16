"""Have Stable Diffusion draw what a TrackBook says (paper, Figure 4).

A row for each person: a crop of the training data, then the prompt with its
last word replaced. The text tower of the pipeline must be the one that the
TrackBook was learned with.

Example:
    python tools/visualizations/render_track_book.py CONFIG CHECKPOINT \
        --pipeline stable-diffusion-v1-5/stable-diffusion-v1-5 \
        --identities MOT17-02:3 MOT17-04:12 --out work_dirs/descriptions
"""
import argparse
import sys
from pathlib import Path
from typing import Dict, Optional, Sequence

import torch
from mmengine.logging import print_log
from numpy import ndarray

from ipmot_mm.analysis.prompt_rendering import (PromptRenderer, load_pipeline,
                                                replace_last_word)
from ipmot_mm.analysis.trained_track_book import (choose_identities,
                                                  load_track_book,
                                                  load_training_crops,
                                                  name_identity, template_of)
from ipmot_mm.cli import add_cfg_options, read_config
from ipmot_mm.user_errors import positive, run_tool
from ipmot_mm.visualization.picture_file import to_image, write_picture
from ipmot_mm.visualization.picture_table import Cell, draw_picture_table


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Write descriptions.png, persons times words, and '
        '<person>_<word>.png.')
    parser.add_argument('config', help='config of the training')
    parser.add_argument(
        'checkpoint', help='epoch_*.pth, which still has the TrackBook')
    parser.add_argument(
        '--pipeline',
        required=True,
        help='folder of a Stable Diffusion, or its name on the hub')
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument(
        '--identities', nargs='+', help='row numbers, or VIDEO:ID')
    parser.add_argument(
        '--num-identities',
        type=positive,
        default=4,
        help='without --identities, spread over the TrackBook; default 4')
    parser.add_argument(
        '--words',
        nargs='+',
        default=('person', 'color', 'texture'),
        help='in place of the last one; default those of the paper')
    parser.add_argument(
        '--seed',
        type=int,
        default=0,
        help='of the noise, the same for all pictures of a person')
    parser.add_argument(
        '--size', type=positive, help='pixels; default that of the pipeline')
    parser.add_argument(
        '--num-steps', type=positive, default=50, help='default 50')
    parser.add_argument(
        '--guidance-scale', type=float, default=7.5, help='default 7.5')
    parser.add_argument('--device', default='cpu')
    parser.add_argument(
        '--half', action='store_true', help='compute in float16, on a GPU')
    parser.add_argument(
        '--no-crops',
        action='store_true',
        help='do not look for the training data; no first column')
    add_cfg_options(parser)
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> None:
    """Draw all pictures and their table."""
    cfg = read_config(args.config, args.cfg_options)
    book = load_track_book(cfg, args.checkpoint)
    rows = choose_identities(book.identity_map, args.identities,
                             args.num_identities)
    templates = {
        word: replace_last_word(template_of(cfg), word)
        for word in args.words
    }
    renderer = PromptRenderer(
        load_pipeline(args.pipeline, device=args.device, half=args.half),
        book.frozen_clip.text_encoder)
    crops = {} if args.no_crops else load_training_crops(cfg, book, rows)
    table = []
    for row in rows:
        name = name_identity(book.identity_map, row)
        pictures = render_row(renderer, book.tokens[row].detach(), templates,
                              args.seed + row, args)
        for word, picture in pictures.items():
            path = Path(args.out) / f'{name.replace(":", "-")}_{word}.png'
            write_picture(path, picture)
        crop = crops.get(book.identity_map.keys[row])
        first = [] if args.no_crops else [Cell(crop, name)]
        table.append(first + [Cell(each) for each in pictures.values()])
    titles = [f'"{word}"' for word in templates]
    figure = draw_picture_table(
        table,
        column_titles=titles if args.no_crops else ['target', *titles],
        cell_size=(1.5, 1.5))
    write_picture(Path(args.out) / 'descriptions.png', to_image(figure))
    print_log(f'{len(rows)} persons, sentences '
              f'{", ".join(map(repr, templates.values()))}; written to '
              f'{args.out}')


def render_row(renderer: PromptRenderer, tokens: torch.Tensor,
               templates: Dict[str, str], seed: int,
               args: argparse.Namespace) -> Dict[str, ndarray]:
    """Pictures of one person, by word, all from the same noise."""
    return {
        word: renderer.render(
            renderer.encode(template, tokens),
            seed=seed,
            size=args.size,
            num_steps=args.num_steps,
            guidance_scale=args.guidance_scale)
        for word, template in templates.items()
    }


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
