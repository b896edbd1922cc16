"""What do the prompts of a TrackBook mean? Nearest persons, tokens, words.

No generator of pictures is needed. Next to every number stands that of the
prompt before its first step of training.

Example:
    python tools/visualizations/inspect_track_book.py CONFIG CHECKPOINT \
        --identities Street-01:2 Street-07:5 --out-dir work_dirs/track_book
"""
import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, Optional, Sequence

import torch
from mmengine.logging import print_log

from ipmot_mm.analysis.track_book_report import report_neighbors
from ipmot_mm.analysis.trained_track_book import (choose_identities,
                                                  load_track_book,
                                                  load_training_crops,
                                                  template_of, untrained_copy)
from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.cli import add_cfg_options, read_config
from ipmot_mm.engine.language_image.prompt_neighbors import WORDS
from ipmot_mm.user_errors import positive, run_tool
from ipmot_mm.visualization.neighbor_table import draw_neighbors
from ipmot_mm.visualization.picture_file import to_image, write_picture


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Write neighbors.json and neighbors.png: for some persons '
        'the nearest other persons, tokens of the vocabulary, and words in '
        'their place of the sentence.')
    parser.add_argument('config', help='config of the training')
    parser.add_argument(
        'checkpoint', help='epoch_*.pth, which still has the TrackBook')
    parser.add_argument('--out-dir', required=True, help='folder to write')
    parser.add_argument(
        '--identities', nargs='+', help='row numbers, or VIDEO:ID')
    parser.add_argument(
        '--num-identities',
        type=positive,
        default=6,
        help='without --identities, spread over the TrackBook; default 6')
    parser.add_argument(
        '--num-neighbors', type=positive, default=4, help='default 4')
    parser.add_argument(
        '--words', nargs='+', default=WORDS,
        help='words, or "several words" in quotes; default: colours, clothes')
    parser.add_argument(
        '--pool',
        type=positive,
        default=2000,
        help='persons among whom to look; default 2000')
    parser.add_argument(
        '--no-crops',
        action='store_true',
        help='do not look for the training data; pictures stay empty')
    parser.add_argument(
        '--num-threads', type=positive, default=1, help='of the CPU')
    add_cfg_options(parser)
    return parser.parse_args(argv)


def note_of(person: Dict[str, Any], num_words: int = 4) -> str:
    """Words and tokens of one person in a few lines."""
    if person['moved'] == 0:
        return 'never in a batch:\nthis prompt is untrained'
    gained = [
        each for each in person['words']
        if each['cosine'] > each['untrained']
    ]
    lines = ['words, cosine (untrained)']
    lines += [
        f'  {each["word"]} {each["cosine"]:.2f} ({each["untrained"]:.2f})'
        for each in gained[:num_words]
    ]
    lines.append('tokens, cosine (untrained)')
    lines += [
        f'  {each["token"]} {each["cosine"]:.2f} '
        f'({each["untrained"]["cosine"]:.2f})' for each in person['tokens']
    ]
    return '\n'.join(lines)


def run(args: argparse.Namespace) -> None:
    """Compare, write and draw."""
    torch.set_num_threads(args.num_threads)
    cfg = read_config(args.config, args.cfg_options)
    book = load_track_book(cfg, args.checkpoint)
    rows = choose_identities(book.identity_map, args.identities,
                             args.num_identities)
    report = report_neighbors(
        book,
        untrained_copy(cfg, book),
        rows,
        template=template_of(cfg),
        words=args.words,
        num_neighbors=args.num_neighbors,
        max_pool=args.pool)
    persons = report['identities']
    shown = {each['row'] for person in persons for each in person['persons']}
    crops = {} if args.no_crops else load_training_crops(
        cfg, book, sorted(shown.union(rows)))
    keys = book.identity_map.keys
    figure = draw_neighbors(
        [keys[row] for row in rows],
        [[(keys[each['row']], each['cosine']) for each in person['persons']]
         for person in persons],
        crops,
        notes=[note_of(person) for person in persons])
    out_dir = Path(args.out_dir)
    write_picture(out_dir / 'neighbors.png', to_image(figure))
    write_atomically(out_dir / 'neighbors.json', json.dumps(report, indent=1))
    after, before = (report['alikeness'][key]
                     for key in ('trained', 'untrained'))
    print_log(
        f'{report["num_identities"]} persons, {report["num_untouched"]} never '
        f'in a batch. Cosine of two prompts {after["median"]:.3f} (untrained '
        f'{before["median"]:.3f}), of a prompt and the nearest '
        f'{after["nearest"]:.3f} ({before["nearest"]:.3f}), medians over '
        f'{report["pool"]}. Written: {out_dir}/neighbors.png and .json')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
