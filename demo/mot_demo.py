"""Track the persons in a video, a folder of frames, a camera or a stream.

Example:
    python demo/mot_demo.py video.mp4 configs/synthmot/CONFIG.py \\
        --checkpoint work_dirs/CHECKPOINT.pth --out tracks.mp4
"""
import argparse
import os
import signal
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Iterator, List, Optional, Set

# The demo says itself, in one line, what is wrong with an input.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
os.environ.setdefault('OPENCV_LOG_LEVEL', 'FATAL')

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from mmengine.structures import InstanceData  # noqa: E402
from tqdm import tqdm  # noqa: E402

from ipmot_mm.apis import (FrameSource, FrameTracker, TrackFile,  # noqa: E402
                           TrackJournal, init_tracker, track_video)
from ipmot_mm.config_errors import SettingsAction  # noqa: E402
from ipmot_mm.user_errors import (INTERRUPTED, CommandError,  # noqa: E402
                                  positive, run_tool)
from ipmot_mm.visualization import TrackVisualizer, open_writer  # noqa: E402

ESCAPE = 27
DRAWN = ('boxes', 'ids', 'scores', 'trails')


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    parser = argparse.ArgumentParser(description='Track persons')
    add = parser.add_argument
    add('input',
        help='video, folder of frames, index of a camera, or address of a '
        'stream (rtsp://, http://, udp://)')
    add('config', help='config file of the tracker')
    add('--checkpoint', help='weights of the tracker')
    add('--out', help='video to write (.mp4, .avi), or a folder of frames')
    add('--save-txt',
        metavar='FILE.txt',
        help='file for the tracks in MOTChallenge format')
    add('--save-json',
        metavar='FILE',
        help='file for the tracks: .jsonl, a line for each frame, or .json, '
        'one list')
    add('--show', action='store_true', help='show a window; Esc ends')
    add('--hide',
        nargs='+',
        default=[],
        choices=DRAWN,
        metavar='WHAT',
        help=f'what not to draw: {", ".join(DRAWN)}')
    add('--trail-length',
        type=positive,
        default=30,
        metavar='N',
        help='frames that a trail reaches back; default 30')
    add('--score-thr',
        type=float,
        default=0.0,
        help='leave out tracks with a lower score')
    add('--resume',
        action='store_true',
        help='go on where the same command was stopped or killed')
    add('--save-every',
        type=positive,
        default=200,
        metavar='N',
        help='frames after which the state is saved; default 200')
    add('--device',
        default='auto',
        help='cpu, cuda, cuda:1; default: cuda if there is one')
    add('--look-ahead',
        type=positive,
        default=1,
        metavar='N',
        help='frames to encode at once, faster on a GPU; default 1')
    add('--fuse-conv-bn',
        action='store_true',
        help='make the batch norms part of the convolutions, which is faster')
    add('--cfg-options',
        nargs='+',
        action=SettingsAction,
        metavar='KEY=VALUE',
        help='config keys to override')
    args = parser.parse_args()
    if not (args.out or args.save_txt or args.save_json or args.show):
        parser.error('give --out, --save-txt, --save-json or --show, else '
                     'nothing is kept')
    return args


class Outputs:
    """All that is made of the tracks.

    Args:
        args (Namespace): The arguments.
        fps (float): Frames a second of the video.
        stack (ExitStack): Closes the outputs, whatever happens.
    """

    def __init__(self, args: argparse.Namespace, fps: float,
                 stack: ExitStack) -> None:
        self.show, self.score_thr = args.show, args.score_thr
        self.visualizer = TrackVisualizer(
            trail_length=0 if 'trails' in args.hide else args.trail_length,
            with_boxes='boxes' not in args.hide,
            with_ids='ids' not in args.hide,
            with_scores='scores' not in args.hide)
        self.files: List[TrackFile] = [
            stack.enter_context(TrackFile(path, fps))
            for path in (args.save_txt, args.save_json) if path
        ]
        self.writer = stack.enter_context(open_writer(args.out, fps)) \
            if args.out else None
        self.num_frames = 0
        self.ids: Set[int] = set()

    def put(self, frame: np.ndarray, tracks: InstanceData) -> bool:
        """Take the next frame.

        Args:
            frame (np.ndarray): BGR, uint8, has shape (h, w, 3).
            tracks (InstanceData): Its tracks.

        Returns:
            bool: False when the user wants to stop.
        """
        tracks = tracks[tracks.scores >= self.score_thr]
        self.num_frames += 1
        self.ids.update(tracks.instances_id.tolist())
        for file in self.files:
            file.write(self.num_frames, tracks)
        if not (self.writer or self.show):
            return True
        image = self.visualizer.draw(frame, tracks)
        if self.writer:
            self.writer.write(image)
        if self.show:
            cv2.imshow('tracks', image)
            return cv2.waitKey(1) != ESCAPE
        return True

    def describe(self) -> str:
        """What was written, in words."""
        paths = [str(file.path) for file in self.files]
        if self.writer and self.writer.num_frames:
            paths.insert(0, str(self.writer.path))
        return (f'{self.num_frames} frames, {len(self.ids)} tracks'
                f'{"; wrote " if paths else ""}{", ".join(paths)}')


class Progress:
    """A bar with frames, frames per second and the time left.

    A number of frames that turns out to be too small is dropped, and at the
    end the number is what has come.

    Args:
        total (int, optional): Frames to expect. None where unknown.
        num_known (int): Frames that come from an earlier run.
    """

    def __init__(self, total: Optional[int], num_known: int) -> None:
        self.bar = tqdm(
            total=total, unit=' frames', dynamic_ncols=True, mininterval=0.5)
        self.num_known = num_known
        self.begin = time.perf_counter()
        self.num_tracked = 0

    def update(self) -> None:
        """A frame is done."""
        if self.bar.total is not None and self.bar.n >= self.bar.total:
            self.bar.total = None
        self.bar.update()
        if self.bar.n <= self.num_known:
            self.begin = time.perf_counter()
        else:
            self.num_tracked += 1

    def close(self) -> None:
        """Leave the bar as it is."""
        self.bar.refresh()
        self.bar.close()

    def end(self) -> None:
        """All frames have come."""
        self.bar.total = self.bar.n

    def speed(self) -> float:
        """Frames a second that were tracked."""
        return self.num_tracked / max(time.perf_counter() - self.begin, 1e-9)


class Stop:
    """Set by Ctrl-C and by a polite kill."""

    def __init__(self) -> None:
        self.is_wanted = False

    def __call__(self, *args: object) -> None:
        """Stop after this frame; the second time at once."""
        if self.is_wanted:
            raise KeyboardInterrupt
        self.is_wanted = True


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Between two frames all files can be closed and the state be saved."""
    stop = Stop()
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(kind, stop) for kind in kinds]
    try:
        yield stop
    finally:
        for kind, handler in zip(kinds, before):
            signal.signal(kind, handler)


def open_journal(args: argparse.Namespace, source: FrameSource,
                 tracker: FrameTracker) -> Optional[TrackJournal]:
    """Where the run is noted; nowhere if it cannot go on later.

    Args:
        args (Namespace): The arguments.
        source (FrameSource): The input.
        tracker (FrameTracker): The tracker.

    Returns:
        TrackJournal: Beside the first output, or None.
    """
    output = args.out or args.save_txt or args.save_json
    reason = None
    if source.is_live:
        reason = 'the frames of a camera or stream come once'
    elif tracker.state is None:
        reason = 'the model keeps its tracks itself'
    elif output is None:
        reason = 'nothing is written'
    if reason is None:
        folder = output.rstrip('/') + '.resume'
        journal = TrackJournal(
            folder, save_every=args.save_every, resume=args.resume)
        # before the outputs of the run that it is of are replaced
        journal.check(tracker, source, args.look_ahead)
        return journal
    if args.resume:
        raise CommandError(f'--resume cannot be used here: {reason}; leave it '
                           'out')
    return None


def check_output(args: argparse.Namespace) -> None:
    """No frame of the input may be written over."""
    if not args.out:
        return
    source, out = Path(args.input).resolve(), Path(args.out).resolve()
    places = {source, source / 'img1'}
    if out.is_dir() and source.suffix == '.jpg':  # it may be 000001.jpg
        places.add(source.parent)
    if source.exists() and out in places:
        raise CommandError(
            f'--out {args.out} would write over the input {args.input}; give '
            'another file or folder')


def check_window(args: argparse.Namespace) -> None:
    """Qt ends the process where it finds no display."""
    is_there = sys.platform != 'linux' or any(
        os.environ.get(name) for name in ('DISPLAY', 'WAYLAND_DISPLAY'))
    if args.show and not is_there:
        raise CommandError(
            '--show needs a display, and there is none; write a video with '
            '--out instead')


def run(args: argparse.Namespace) -> int:
    """Track the input and write the outputs.

    Args:
        args (Namespace): The arguments.

    Returns:
        int: Exit code.
    """
    check_window(args)
    check_output(args)
    is_camera = args.input.isdecimal() and not Path(args.input).exists()
    source = FrameSource(int(args.input) if is_camera else args.input)
    tracker = FrameTracker(
        init_tracker(args.config, args.checkpoint, args.device,
                     args.cfg_options, args.fuse_conv_bn))
    if not args.checkpoint:
        sys.stderr.write('Warning: no --checkpoint, the weights are random '
                         'and so are the tracks.\n')
    journal = open_journal(args, source, tracker)
    num_known = journal.num_frames if journal else 0
    if args.resume:
        sys.stderr.write(f'Going on after frame {num_known}.\n' if num_known
                         else 'Nothing to resume, beginning anew.\n')
    with ExitStack() as stack:
        outputs = Outputs(args, source.fps, stack)
        progress = stack.enter_context(
            closing(Progress(source.num_frames_hint, num_known)))
        is_complete = track(
            track_video(tracker, source, args.look_ahead, journal), outputs,
            progress)
        if is_complete:
            progress.end()
    return conclude(args, source, outputs, progress, journal, is_complete)


def track(pairs: Iterator, outputs: Outputs, progress: Progress) -> bool:
    """Hand on all frames.

    Args:
        pairs (Iterator): Frames and tracks.
        outputs (Outputs): Takes them.
        progress (Progress): Counts them.

    Returns:
        bool: Whether the input came to its end.
    """
    with stop_on_signals() as stop, closing(pairs):
        for frame, tracks in pairs:
            goes_on = outputs.put(frame, tracks)
            progress.update()
            if stop.is_wanted or not goes_on:
                return False
    return True


def conclude(args: argparse.Namespace, source: FrameSource, outputs: Outputs,
             progress: Progress, journal: Optional[TrackJournal],
             is_complete: bool) -> int:
    """Say what was written.

    Args:
        args (Namespace): The arguments.
        source (FrameSource): The input.
        outputs (Outputs): All closed.
        progress (Progress): Of the frames.
        journal (TrackJournal, optional): Goes if the input is at its end.
        is_complete (bool): Whether it is.

    Returns:
        int: Exit code.
    """
    sys.stdout.write(f'{outputs.describe()}; {progress.speed():.1f} frames/s'
                     '\n')
    hint = source.num_frames_hint
    if is_complete and hint not in (None, outputs.num_frames):
        sys.stderr.write(
            f'Note: the header of {args.input} says {hint} frames, '
            f'{outputs.num_frames} could be read.\n')
    if is_complete:
        if journal:
            journal.remove()
        return 0
    sys.stderr.write('Stopped; what was tracked so far is written' +
                     ('; --resume goes on.\n' if journal else '.\n'))
    return 0 if args.show else INTERRUPTED


def main() -> int:
    """Run, and say in one line what is wrong with the input."""
    try:
        return run_tool(run, parse_args())
    except KeyboardInterrupt:
        sys.stderr.write('\nStopped; what was tracked so far is written.\n')
        return INTERRUPTED


if __name__ == '__main__':
    sys.exit(main())
