"""Why does a tracker not report a person?

Looks, for each person of the ground truth in each frame of the test data, at
the queries whose boxes overlap that of the person. Prints a table of counts,
and how many of the persons stand next to a lost track, which waits unreported.

Example:
    python tools/analysis_tools/explain_misses.py CONFIG CHECKPOINT \
        --cfg-options test_dataloader.dataset.data_root=data/synthmot/crowd/val
"""
import argparse
import sys
from collections import Counter
from typing import Any, Optional, Sequence, Tuple

import torch
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import Tensor

from ipmot_mm.apis import init_tracker
from ipmot_mm.cli import add_cfg_options, read_config
from ipmot_mm.models.trackers import QueryTracker
from ipmot_mm.structures import QueryOutputs
from ipmot_mm.user_errors import positive, run_tool

KINDS = dict(
    found='reported',
    no_box='missed: no query has a box there',
    no_class='missed: the class score is too low',
    held_back='missed: held back, though the class score would do',
    twice='reported by more than one track',
    nobody='reported where nobody is')


class Watcher:
    """Stands before a tracker and remembers what it was last given.

    Args:
        tracker (:obj:`QueryTracker`): Decides as ever.
    """

    def __init__(self, tracker: QueryTracker) -> None:
        self.tracker = tracker
        self.outputs: Optional[QueryOutputs] = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tracker, name)

    def __call__(self, outputs: QueryOutputs, *args: Any) -> Tuple:
        """The tracker's own answer."""
        self.outputs = outputs
        return self.tracker(outputs, *args)


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='What became of each person of the test data, and why.')
    parser.add_argument('config', help='config of a test')
    parser.add_argument('checkpoint', help='weights of its tracker')
    parser.add_argument(
        '--iou-thr', type=float, default=0.5, help='from which a box is there')
    parser.add_argument(
        '--num-threads', type=positive, default=1, help='of the CPU')
    add_cfg_options(parser)
    return parser.parse_args(argv)


def explain(outputs: QueryOutputs, reported: Tensor, gt_bboxes: Tensor,
            score_thr: float, iou_thr: float) -> Counter:
    """Count the persons of one frame.

    Args:
        outputs (:obj:`QueryOutputs`): Of one video.
        reported (Tensor): Tracks, xyxy relative to the image, has shape
            (num_tracks, 4).
        gt_bboxes (Tensor): Persons likewise, has shape (num_gts, 4).
        score_thr (float): Class confidence that would do.
        iou_thr (float): From which a box is on a person.

    Returns:
        Counter: Of (kind, whether a lost track is there).
    """
    # not before ipmot_mm, which prepares mmdet for today's torch
    from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps

    num_detect = outputs.num_detect_queries
    bboxes = bbox_cxcywh_to_xyxy(outputs.bboxes[-1, 0])
    is_there = (bbox_overlaps(gt_bboxes, bboxes) >= iou_thr) & outputs.valid[0]
    is_certain = is_there & (outputs.cls_scores[0] >= score_thr)
    is_reported = bbox_overlaps(gt_bboxes, reported) >= iou_thr
    counts: Counter = Counter()
    for there, certain, by in zip(is_there, is_certain, is_reported):
        if by.any():
            kind = 'found'
        elif not there.any():
            kind = 'no_box'
        else:
            kind = 'held_back' if certain.any() else 'no_class'
        # a track there that is reported would have found the person
        is_lost = kind != 'found' and bool(there[num_detect:].any())
        counts[kind, is_lost] += 1
        counts['twice', False] += int(by.sum() > 1)
    counts['nobody', False] = int((~is_reported.any(0)).sum())
    return counts


def run(args: argparse.Namespace) -> None:
    """Track all frames and print the table."""
    torch.set_num_threads(args.num_threads)
    cfg = read_config(args.config, args.cfg_options)
    init_default_scope(cfg.default_scope)
    loader = Runner.build_dataloader(cfg.test_dataloader)
    model = init_tracker(cfg, args.checkpoint)
    model.tracker = watcher = Watcher(model.tracker)
    counts: Counter = Counter()
    for data in loader:
        with torch.no_grad():
            sample, = model.test_step(data)
        frame, = sample.video_data_samples
        height, width = frame.ori_shape[:2]
        size = torch.tensor([width, height, width, height])
        scale = torch.tensor(frame.scale_factor).repeat(2)
        counts += explain(watcher.outputs,
                          frame.pred_track_instances.bboxes / size,
                          frame.gt_instances.bboxes / scale / size,
                          watcher.newborn_score_thr, args.iou_thr)
    persons = sum(
        counts[kind, is_lost] for kind in list(KINDS)[:4]
        for is_lost in (False, True))
    print_row('', 'all', 'at a lost track')
    print_row('persons, frame by frame', persons, '')
    for kind, text in KINDS.items():
        lost = counts[kind, True]
        print_row(text, counts[kind, False] + lost,
                  lost if text.startswith('missed') else '')


def print_row(head: str, *cells: Any) -> None:
    """One line of the table."""
    sys.stdout.write(f'{head:52}{cells[0]:>7}{cells[1]:>18}\n')


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Exit code; what the user can correct becomes one line."""
    return run_tool(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
