"""``benchmark.py evaluation``: scoring, beside TrackEval by itself."""
import argparse
from typing import Any, Dict

from mmengine.logging import print_log

from ipmot_mm.user_errors import positive

from ..evaluation import measure_evaluation
from ..random_tracks import MOT17_TRAIN_LENGTHS

HELP = 'scoring, beside TrackEval by itself'
# Random tracks to score: lengths of the sequences, objects in a frame
EVALUATIONS = {
    'MOT17 train': (MOT17_TRAIN_LENGTHS, 20),
    'one long sequence': ((3000, ), 40)
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument(
        '--num-rounds', type=positive, default=3, help='times to score')


def run(args: argparse.Namespace) -> Dict[str, Any]:
    """Score random tracks, with TrackEval and by ourselves."""
    result = {}
    for name, (num_frames, num_objects) in EVALUATIONS.items():
        seconds = measure_evaluation(num_frames, num_objects, args.num_rounds)
        result[name] = dict(
            seconds,
            num_frames=num_frames,
            num_objects=num_objects,
            num_rounds=args.num_rounds,
            inside='reading the files, scoring and combining')
        peer = seconds['trackeval']
        cpu_ratio = seconds['trackeval_cpu'] / seconds['one_process_cpu']
        print_log(
            f'{name} ({sum(num_frames)} frames of {num_objects} objects): '
            f'TrackEval {peer:.2f} s, '
            f'one process {seconds["one_process"]:.2f} s '
            f'({peer / seconds["one_process"]:.1f}x, '
            f'{cpu_ratio:.1f}x in CPU time), '
            f'default {seconds["default"]:.2f} s '
            f'({peer / seconds["default"]:.1f}x), '
            f'largest difference {seconds["largest_difference"]:.0e}')
    return dict(evaluation=result)
