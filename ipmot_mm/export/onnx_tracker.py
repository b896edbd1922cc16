"""Track with an exported ONNX file: NumPy, OpenCV and onnxruntime alone.

This file needs nothing of the package, nor torch: copy it beside the ONNX
file, import it, or run it.

Example:
    python ipmot_mm/export/onnx_tracker.py tracker.onnx video.mp4 \\
        --save-txt tracks.txt --out tracks.mp4
"""
import argparse
import json
import os
import re
import sys
import warnings
from pathlib import Path
from typing import (Any, Dict, Iterator, List, NamedTuple, Optional, Sequence,
                    Tuple)

import cv2
import numpy as np

METADATA = 'ipmot_mm'
Arrays = Dict[str, np.ndarray]
IMAGES = ('.jpg', '.jpeg', '.png', '.bmp')


class Tracks(NamedTuple):
    """Reported tracks of one frame, K of them.

    Attributes:
        bboxes (np.ndarray): xyxy in pixels of the frame, float32, (K, 4).
        scores (np.ndarray): float32, has shape (K, ).
        labels (np.ndarray): Class, int64, has shape (K, ).
        instances_id (np.ndarray): 1-based, never used again, int64, (K, ).
    """
    bboxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    instances_id: np.ndarray


class SlotTracker:
    """The loop around an exported frame step, whatever runs it.

    Args:
        metadata (dict): That the exporter wrote.
        state (dict[str, np.ndarray]): Zeros, of each tensor that crosses
            frames.

    Attributes:
        num_waiting (int): Persons who found no free slot in the last frame.
    """

    def __init__(self, metadata: Dict[str, Any],
                 state: Dict[str, np.ndarray]) -> None:
        self.metadata = metadata
        self._empty = state
        self._has_warned = False
        self.reset()

    def reset(self) -> None:
        """Start a new video: the next frame begins with no track."""
        self._state = self._empty
        self.num_waiting = 0

    def update(self, frame: np.ndarray) -> Tracks:
        """Track one frame.

        Args:
            frame (np.ndarray): BGR, uint8, has shape (h, w, 3); of the shape
                that the file was exported for, larger or smaller.

        Returns:
            Tracks: Those that are reported.

        Raises:
            ValueError: If the frame is no colour image of 8 bits, or of
                another shape.
        """
        height, width = self.metadata['image_size']
        self._check(frame)
        image = frame
        if frame.shape[:2] != (height, width):
            image = cv2.resize(
                frame, (width, height), interpolation=cv2.INTER_LINEAR)
        report, self._state = self._run(
            np.ascontiguousarray(image),
            np.array(frame.shape[:2], dtype=np.int64), self._state)
        self._warn_if_full(int(report['num_waiting']))
        kept = report['is_reported']
        return Tracks(*(report[name][kept]
                        for name in ('bboxes', 'scores', 'labels', 'ids')))

    def _run(self, image: np.ndarray, frame_size: np.ndarray,
             state: Arrays) -> Tuple[Arrays, Arrays]:
        """The frame step: report and next state, by name."""
        raise NotImplementedError

    def _check(self, frame: np.ndarray) -> None:
        if getattr(frame, 'dtype', None) != np.uint8 or frame.ndim != 3 \
                or frame.shape[2] != 3 or 0 in frame.shape:
            raise ValueError(
                'a frame must be a BGR uint8 array of shape (h, w, 3), got '
                f'{getattr(frame, "dtype", type(frame).__name__)} of shape '
                f'{getattr(frame, "shape", ())}; read it with cv2')
        height, width = frame.shape[:2]
        rows, columns = self.metadata['image_size']
        # less than a pixel of the image away from its shape
        if abs(height * columns - width * rows) >= max(height, width):
            raise ValueError(
                f'a frame of {height} x {width} pixels (height x width) does '
                'not have the shape that the file was exported for, '
                f'{" x ".join(map(str, self.metadata["frame_size"]))}; '
                f'export it again with --size {height} {width}')

    def _warn_if_full(self, num_waiting: int) -> None:
        self.num_waiting = num_waiting
        if num_waiting and not self._has_warned:
            warnings.warn(
                f'all {self.metadata["num_slots"]} slots hold a track and '
                f'{num_waiting} more persons wait; export again with more '
                'slots (--num-slots)', stacklevel=3)
            self._has_warned = True


class ONNXTracker(SlotTracker):
    """Runs an ONNX file as ``ipmot_mm.apis.FrameTracker`` runs a model.

    Args:
        file (str | Path): Of ``export_onnx``.
        num_threads (int): Of onnxruntime; 0 for all cores. Defaults to 0.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is of other origin, or onnxruntime is missing.

    Example:
        >>> tracker = ONNXTracker('tracker.onnx')  # doctest: +SKIP
        >>> tracks = tracker.update(frame)  # doctest: +SKIP
        >>> tracks.instances_id, tracks.bboxes  # doctest: +SKIP
    """

    def __init__(self, file: Any, num_threads: int = 0) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise ValueError(
                'onnxruntime is missing; pip install onnxruntime') from None
        if not Path(file).is_file():
            raise FileNotFoundError(
                f'ONNX file {str(file)!r} does not exist; write one with '
                'tools/deployment/export_model.py')
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = num_threads
        try:
            self.session = onnxruntime.InferenceSession(
                str(file), options, providers=['CPUExecutionProvider'])
        except Exception as error:
            raise ValueError(
                f'{file} cannot be read as ONNX: {str(error).strip()}; export '
                'it again, or update onnxruntime') from None
        kept = self.session.get_modelmeta().custom_metadata_map
        if METADATA not in kept:
            raise ValueError(
                f'{file} was not written by tools/deployment/export_model.py: '
                f'it has no metadata {METADATA!r}')
        metadata = json.loads(kept[METADATA])
        super().__init__(
            metadata, {
                each.name[len('state_'):]: np.zeros(each.shape,
                                                    _dtype(each.type))
                for each in self.session.get_inputs()
                if each.name.startswith('state_')
            })

    def _run(self, image: np.ndarray, frame_size: np.ndarray,
             state: Arrays) -> Tuple[Arrays, Arrays]:
        inputs = {f'state_{name}': value for name, value in state.items()}
        inputs.update(image=image, frame_size=frame_size)
        report = {
            each.name: value for each, value in zip(
                self.session.get_outputs(), self.session.run(None, inputs))
        }
        return report, {name: report.pop(f'next_{name}') for name in state}


def _dtype(name: str) -> np.dtype:
    """Of NumPy, from a name such as 'tensor(int64)'."""
    name = name[len('tensor('):-1]
    return np.dtype(dict(float='float32', double='float64').get(name, name))


def read_frames(source: str) -> Iterator[np.ndarray]:
    """Frames of a video file, a folder of images or a camera.

    Images come in the order of the numbers in their names and as they are
    stored, whatever EXIF says.

    Args:
        source (str): File, folder, or the index of a camera.

    Yields:
        np.ndarray: BGR, uint8, (h, w, 3).

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If it cannot be read.
    """
    path = Path(source)
    if not (source.isdigit() or path.exists()):
        raise FileNotFoundError(f'input {source!r} does not exist')
    if path.is_dir():
        images = [
            each for each in path.iterdir() if each.suffix.lower() in IMAGES]
        if not images:
            raise ValueError(f'folder {source!r} holds no image {IMAGES}')
        for image in sorted(images, key=_natural_key):
            frame = cv2.imread(
                str(image), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
            if frame is None:
                raise ValueError(f'{image} cannot be read as an image')
            yield frame
        return
    capture = cv2.VideoCapture(int(source) if source.isdigit() else source)
    if not capture.isOpened():
        raise ValueError(f'input {source!r} cannot be opened as a video')
    while True:
        more, frame = capture.read()
        if not more:
            break
        yield frame
    capture.release()


def _natural_key(path: Path) -> List[Tuple[int, str]]:
    """Frame 2 before frame 10."""
    return [(int(part), '') if part.isdigit() else (-1, part)
            for part in re.split(r'([0-9]+)', path.name)]


def mot_lines(number: int, tracks: Tracks) -> str:
    """Tracks of a frame in MOTChallenge format.

    Args:
        number (int): Number of the frame, 1-based.
        tracks (Tracks): Its tracks.

    Returns:
        str: Lines ``frame,id,x,y,w,h,score,-1,-1,-1``.
    """
    return ''.join(
        f'{number},{track},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},'
        f'{score:.4f},-1,-1,-1\n'
        for (x1, y1, x2, y2), score, track in zip(
            tracks.bboxes.tolist(), tracks.scores.tolist(),
            tracks.instances_id.tolist()))


def draw(frame: np.ndarray, tracks: Tracks) -> np.ndarray:
    """A copy of a frame with boxes and ids, a colour for each id."""
    image = frame.copy()
    for bbox, track in zip(tracks.bboxes.round().astype(int).tolist(),
                           tracks.instances_id.tolist()):
        hue = np.uint8([[[track * 67 % 180, 220, 255]]])
        color = cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0].tolist()
        cv2.rectangle(image, bbox[:2], bbox[2:], color, 2)
        cv2.putText(image, str(track), (bbox[0] + 2, bbox[1] + 14),
                    cv2.FONT_HERSHEY_SIMPLEX, 0.5, color, 1, cv2.LINE_AA)
    return image


def run(args: argparse.Namespace) -> None:
    """Track an input, frame by frame, and write what was asked for."""
    tracker = ONNXTracker(args.model, args.num_threads)
    paths = [path for path in (args.save_txt, args.out) if path]
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    number, writer = 0, None
    with open(args.save_txt or os.devnull, 'w', encoding='utf-8') as text:
        for number, frame in enumerate(read_frames(args.input), 1):
            tracks = tracker.update(frame)
            text.write(mot_lines(number, tracks))
            if args.out:
                writer = writer or _open_video(args, frame.shape[1::-1])
                writer.write(draw(frame, tracks))
    if writer is not None:
        writer.release()
    sys.stdout.write(f'{number} frames tracked: {" and ".join(paths)}\n')


def _open_video(args: argparse.Namespace,
                size: Tuple[int, int]) -> cv2.VideoWriter:
    writer = cv2.VideoWriter(
        args.out, cv2.VideoWriter_fourcc(*'mp4v'), args.fps, size)
    if not writer.isOpened():
        raise ValueError(
            f'OpenCV cannot write {args.out} with {args.fps} frames a second; '
            'give a file that ends with .mp4, in a folder that you may write '
            'to')
    return writer


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run, or say in one line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', help='ONNX file of export_model.py')
    parser.add_argument(
        'input', help='video, folder of frames, or index of a camera')
    parser.add_argument('--save-txt', help='file for the tracks, MOTChallenge')
    parser.add_argument('--out', help='video to write, .mp4')
    parser.add_argument(
        '--fps', type=float, default=25, help='of --out; default 25')
    parser.add_argument(
        '--num-threads', type=int, default=0, help='default 0, all cores')
    args = parser.parse_args(argv)
    if not (args.save_txt or args.out):
        parser.error('give --save-txt or --out, else nothing is kept')
    try:
        run(args)
    except (OSError, ValueError) as error:
        sys.stderr.write(f'error: {error}\n')
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
