r"""Draw which detect query each track query exchanges most with.

Self-attention of one decoder layer, or of the deduplication module, in one
frame of a video (paper, supplement, Figure 1): the boxes of both queries, and
the weights among them.

Example:
    python tools/visualizations/plot_attention.py \
        configs/synthmot/ipmot_dab-small_2xb2-4e_synthmot-street.py \
        checkpoints/ipmot_small_street.pth data/synthmot/street/val/Street-01 \
        --frame 20 --out attention.png
"""
import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence, Union

from mmengine.logging import print_log

from ipmot_mm.analysis.track_attention import attention_of_frame
from ipmot_mm.apis import init_tracker
from ipmot_mm.user_errors import positive, run_tool
from ipmot_mm.visualization.attention_pairs import (MEAN_HEAD, find_pairs,
                                                    twin_rate)
from ipmot_mm.visualization.attention_plot import draw_attention
from ipmot_mm.visualization.attention_recorder import DEDUP
from ipmot_mm.visualization.picture_file import (DPI, check_picture_name,
                                                 to_image, write_picture)


def layer_or_dedup(text: str) -> Union[int, str]:
    """Type of ``--layer``."""
    return text if text == DEDUP else int(text)


def head_or_mean(text: str) -> Union[int, str]:
    """Type of ``--head``."""
    return text if text == MEAN_HEAD else int(text)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Draw which detect query each track query exchanges most '
        'with (paper, supplement, Figure 1)')
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument(
        'video', help='video, folder of images, or sequence of MOTChallenge')
    parser.add_argument('--out', required=True, help='picture to write')
    parser.add_argument(
        '--frame',
        type=positive,
        default=20,
        help='from 1 on, the video is tracked up to here; default 20')
    parser.add_argument(
        '--layer',
        type=layer_or_dedup,
        default=-1,
        help='decoder layer from 0 on or from the end on, or "dedup"; '
        'default -1, the last')
    parser.add_argument(
        '--head',
        type=head_or_mean,
        default=MEAN_HEAD,
        help='number of a head; default mean')
    parser.add_argument(
        '--num-pairs',
        type=positive,
        default=10,
        help='those that exchange most; default 10')
    parser.add_argument(
        '--dpi',
        type=positive,
        default=DPI,
        help=f'pixels an inch; default {DPI}, papers want 300')
    parser.add_argument('--device', default='cpu')
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> None:
    """Track up to the frame and draw it."""
    check_picture_name(args.out)
    model = init_tracker(args.config, args.checkpoint, args.device)
    image, attention = attention_of_frame(
        model, args.video, args.frame, layer=args.layer)
    pairs = find_pairs(
        attention, head=args.head, score_thr=model.tracker.track_score_thr)
    where = {
        DEDUP: 'deduplication module',
        -1: 'last decoder layer'
    }.get(args.layer, f'decoder layer {args.layer}')
    figure = draw_attention(
        image,
        attention,
        pairs[:args.num_pairs],
        title=f'{Path(args.video).name}, frame {args.frame}, {where}',
        head=args.head)
    write_picture(args.out, to_image(figure, args.dpi))
    for pair in pairs:
        print_log(
            f'track {pair.track_id} and detect query {pair.detect}: IoU '
            f'{pair.iou:.2f}, track to detect {pair.from_detect:.3f}, '
            f'detect to track {pair.from_track:.3f}')
    if pairs:
        rate, chance = twin_rate(attention, pairs)
        print_log(f'{rate:.0%} of {len(pairs)} partners are where the track '
                  f'is (IoU 0.5), by chance {chance:.0%}')
    print_log(f'written: {args.out}')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
