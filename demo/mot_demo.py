"""Track the persons in a video, a folder of frames or a camera's stream.

Example:
    python demo/mot_demo.py video.mp4 configs/synthmot/CONFIG.py \\
        --checkpoint work_dirs/CHECKPOINT.pth --out tracks.mp4
"""
import argparse
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Callable, Union

import cv2
import numpy as np
from mmengine.config import DictAction
from mmengine.structures import InstanceData
from mmengine.utils import ProgressBar

from ipmot_mm.apis import FrameSource, FrameTracker, init_tracker, track_video
from ipmot_mm.visualization import TrackVisualizer, open_writer

BAD_INPUT = 2
ESCAPE = 27


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    parser = argparse.ArgumentParser(description='Track persons')
    parser.add_argument(
        'input', help='video, folder of frames, or index of a camera')
    parser.add_argument('config', help='config file of the tracker')
    parser.add_argument('--checkpoint', help='weights of the tracker')
    parser.add_argument(
        '--out', help='video to write (.mp4, .avi), or a folder of frames')
    parser.add_argument('--device', default='cpu', help='cpu, cuda, cuda:1')
    parser.add_argument(
        '--save-txt', help='file for the tracks in MOTChallenge format')
    parser.add_argument(
        '--show', action='store_true', help='show a window; Esc ends')
    parser.add_argument(
        '--score-thr',
        type=float,
        default=0.0,
        help='leave out tracks with a lower score')
    parser.add_argument(
        '--look-ahead',
        type=int,
        default=1,
        metavar='N',
        help='frames to encode at once, faster on a GPU; default 1')
    parser.add_argument(
        '--fuse-conv-bn',
        action='store_true',
        help='make the batch norms part of the convolutions, which is faster')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='config keys to override')
    args = parser.parse_args()
    if not (args.out or args.save_txt or args.show):
        parser.error('give --out, --save-txt or --show, else nothing is kept')
    return args


def mot_lines(number: int, tracks: InstanceData) -> str:
    """The tracks of one frame in MOTChallenge format.

    Args:
        number (int): Number of the frame, 1-based.
        tracks (InstanceData): ``bboxes`` xyxy, ``scores``, ``instances_id``.

    Returns:
        str: Lines ``frame,id,x,y,w,h,score,-1,-1,-1``.
    """
    bboxes = tracks.bboxes.numpy().copy()
    bboxes[:, 2:] -= bboxes[:, :2]
    return ''.join(
        f'{number},{track},{x:.2f},{y:.2f},{w:.2f},{h:.2f},{score:.4f},'
        '-1,-1,-1\n' for track, (x, y, w, h), score in zip(
            tracks.instances_id.tolist(), bboxes.tolist(),
            tracks.scores.tolist()))


def open_sinks(args: argparse.Namespace, fps: float,
               stack: ExitStack) -> Callable[[int, np.ndarray, InstanceData],
                                             bool]:
    """Open all outputs.

    Args:
        args (Namespace): The arguments.
        fps (float): Frames a second of the video.
        stack (ExitStack): Closes the outputs, whatever happens.

    Returns:
        Callable: Takes frame number, frame and tracks; False when the user
        wants to stop.
    """
    visualizer = TrackVisualizer(with_scores=True)
    writer = stack.enter_context(open_writer(args.out, fps)) \
        if args.out else None
    text = None
    if args.save_txt:
        Path(args.save_txt).parent.mkdir(parents=True, exist_ok=True)
        text = stack.enter_context(
            open(args.save_txt, 'w', encoding='utf-8'))

    def put(number: int, frame: np.ndarray, tracks: InstanceData) -> bool:
        if text:
            text.write(mot_lines(number, tracks))
        if not writer and not args.show:
            return True
        image = visualizer.draw(frame, tracks)
        if writer:
            writer.write(image)
        if args.show:
            cv2.imshow('tracks', image)
            return cv2.waitKey(1) != ESCAPE
        return True

    return put


def run(args: argparse.Namespace) -> None:
    """Track the input and write the outputs.

    Args:
        args (Namespace): The arguments.
    """
    source: Union[str, int] = args.input
    frames = FrameSource(int(source) if source.isdigit() else source)
    model = init_tracker(args.config, args.checkpoint, args.device,
                         args.cfg_options, args.fuse_conv_bn)
    if not args.checkpoint:
        sys.stderr.write('Warning: no --checkpoint, the weights are random '
                         'and so are the tracks.\n')
    progress = ProgressBar(frames.num_frames_hint or 0)
    with ExitStack() as stack:
        put = open_sinks(args, frames.fps, stack)
        for number, (frame, tracks) in enumerate(
                track_video(FrameTracker(model), frames, args.look_ahead),
                1):
            tracks = tracks[tracks.scores >= args.score_thr]
            if not put(number, frame, tracks):
                break
            progress.update()
    sys.stdout.write('\n')


def main() -> None:
    """Run, and say in one line what is wrong with the input."""
    args = parse_args()
    # An mp4 is finished when it is closed, so a polite kill must unwind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(args)
    except (OSError, ValueError) as error:
        sys.stderr.write(f'mot_demo.py: {error}\n')
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        sys.stderr.write('\nStopped; what was tracked so far is written.\n')
        sys.exit(130)


if __name__ == '__main__':
    main()
