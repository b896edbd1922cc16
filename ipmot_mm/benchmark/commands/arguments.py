"""Arguments that several commands share."""
import argparse
from typing import Tuple

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ipmot_mm.cli import add_cfg_options, read_config
from ipmot_mm.user_errors import positive

from ..rounds import default_clock
from ..stopwatch import CLOCKS


def add_config(parser: argparse.ArgumentParser) -> None:
    """A config file, and settings that replace those in it."""
    parser.add_argument('config', help='config file')
    add_cfg_options(parser)


def add_amp(parser: argparse.ArgumentParser, help_text: str) -> None:
    """``--amp``, bfloat16 without a value."""
    parser.add_argument(
        '--amp',
        nargs='?',
        const='bfloat16',
        choices=('bfloat16', 'float16'),
        help=help_text)


def add_size(parser: argparse.ArgumentParser,
             default: Tuple[int, int] = (384, 192)) -> None:
    """``--size`` of the frames."""
    parser.add_argument(
        '--size',
        type=image_size,
        default=default,
        metavar='WxH',
        help='width and height of the frames')


def add_clip(parser: argparse.ArgumentParser) -> None:
    """Length of a clip of noise, and its objects."""
    parser.add_argument(
        '--num-frames', type=positive, default=5, help='clip length')
    parser.add_argument(
        '--num-objects', type=positive, default=20, help='in every frame')


def image_size(text: str) -> Tuple[int, int]:
    """Width and height of an argument such as 384x192.

    Raises:
        argparse.ArgumentTypeError: If it is written in another way.
    """
    sizes = text.split('x')
    if len(sizes) != 2 or not all(size.isdigit() for size in sizes):
        raise argparse.ArgumentTypeError(
            f'expected WIDTHxHEIGHT, such as 384x192, got {text}')
    return positive(sizes[0]), positive(sizes[1])


def not_negative(text: str) -> int:
    """A whole number from 0 on.

    Raises:
        argparse.ArgumentTypeError: If it is below 0.
    """
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f'expected 0 or more, got {number}')
    return number


def read_scoped_config(args: argparse.Namespace) -> Config:
    """The config, in whose scope types are looked up from now on."""
    cfg = read_config(args.config, args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'ipmot_mm'))
    return cfg


def add_clip_length(parser: argparse.ArgumentParser) -> None:
    """``--num-frames``."""
    parser.add_argument(
        '--num-frames', type=positive, help='clip length; default: of config')


def add_workers(parser: argparse.ArgumentParser, default: Tuple[int,
                                                                ...]) -> None:
    """``--num-workers``, several of them."""
    parser.add_argument(
        '--num-workers',
        type=not_negative,
        nargs='+',
        default=default,
        help='numbers of worker processes to compare')


def add_timing(parser: argparse.ArgumentParser) -> None:
    """How things are timed in turn, and TF32."""
    parser.add_argument(
        '--num-rounds',
        type=positive,
        default=7,
        help='times that all are timed in turn')
    parser.add_argument(
        '--num-calls',
        type=positive,
        default=20 if torch.cuda.is_available() else 1,
        help='calls of each in a round')
    parser.add_argument(
        '--clock',
        choices=tuple(CLOCKS),
        default=default_clock(),
        help='cpu: what other processes disturb less; not for a GPU')
    parser.add_argument(
        '--tf32',
        action='store_true',
        help='let a GPU round the factors of float32 products, on all sides')


def set_tf32(args: argparse.Namespace) -> None:
    """Set both switches of torch, whose defaults differ."""
    torch.backends.cuda.matmul.allow_tf32 = args.tf32
    torch.backends.cudnn.allow_tf32 = args.tf32
