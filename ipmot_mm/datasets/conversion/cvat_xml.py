"""Tracks of 'CVAT for video 1.1', the XML export of CVAT."""
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import numpy as np
from mmengine.logging import print_log
from numpy import ndarray

MAX_DIGITS = 15
"""More than this and float64, in which rows are kept, cannot hold an id."""
CORNERS = ('xtl', 'ytl', 'xbr', 'ybr')


@dataclass(frozen=True)
class CvatBox:
    """One box of a track.

    Attributes:
        place (int): Frame among those of the task, 0-based.
        corners (ndarray): (x1, y1, x2, y2) in pixels, has shape (4, ).
        outside (bool): Whether the object is gone from here on.
        conf (float): 0 where the checkbox 'ignored' is set, else 1.
        visibility (float): The attribute 'visibility', else 0 where the box
            is marked occluded and 1 where it is not.
    """
    place: int
    corners: ndarray
    outside: bool
    conf: float
    visibility: float


@dataclass(frozen=True)
class CvatTracks:
    """Contents of one file.

    Attributes:
        path (str): The file, for messages.
        labels (tuple[str]): All class names of the task.
        tracks (tuple): Id, class name and boxes of each track, which come
            one after another in time.
        first_frame (int): Number in the source of the first frame.
        frame_step (int): Every how many frames of the source were annotated.
        num_frames (int, optional): Frames of the task, None if not said.
    """
    path: str
    labels: Tuple[str, ...]
    tracks: Tuple[Tuple[int, str, List[CvatBox]], ...]
    first_frame: int
    frame_step: int
    num_frames: Optional[int]

    def to_rows(self, num_frames: int, numbers: Dict[str, int]) -> ndarray:
        """Rows of gt.txt, with the boxes between those listed.

        CVAT lists all frames of a track when it exports, so there is nothing
        between; files of key frames alone are filled as CVAT would: linear
        from a box to the next one unless the first is outside, and the last
        box stays to the end (``cvat/apps/dataset_manager/annotation.py``,
        ``TrackManager.get_interpolated_shapes`` of cvat-ai/cvat).

        Args:
            num_frames (int): Length of the sequence.
            numbers (dict[str, int]): Class number of each label.

        Returns:
            ndarray: Has shape (num_rows, 9).

        Raises:
            ValueError: If a box is in none of the frames.
        """
        rows = []
        for track_id, label, boxes in self.tracks:
            ends = [box.place for box in boxes[1:]] + [num_frames]
            for box, after, end in zip(boxes, boxes[1:] + boxes[-1:], ends):
                if box.outside:
                    continue
                if box.place >= num_frames:
                    raise ValueError(
                        f'"{self.path}", track {track_id}: it is in frame '
                        f'{box.place} (from 0) of {num_frames} frames. Give '
                        'the frames that were annotated, all of them.')
                for place in range(box.place, min(end, num_frames)):
                    part = (place - box.place) / (end - box.place)
                    x1, y1, x2, y2 = (
                        box.corners + part * (after.corners - box.corners))
                    rows.append((place + 1, track_id, x1, y1, x2 - x1, y2 - y1,
                                 box.conf, numbers[label], box.visibility))
        return np.array(rows, dtype=np.float64).reshape(-1, 9)


def read_cvat_tracks(path: Path) -> CvatTracks:
    """Read the tracks of boxes.

    Other shapes (polygons, points, skeletons) are counted and left out, as
    CVAT leaves them out of its MOT export.

    Args:
        path (Path): The XML file.

    Returns:
        :obj:`CvatTracks`: What was found.

    Raises:
        ValueError: If it is no such XML. The message names line or
            track.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        # the latter two for an encoding that Python does not know
        line, column = getattr(error, 'position', (1, 0))
        raise ValueError(
            f'"{path}", line {line}, column {column}: got no XML ({error}); '
            'export it again') from error
    tasks = root.findall('./meta/task') or root.findall('./meta/job')
    if len(tasks) != 1 or root.find('image') is not None:
        raise ValueError(
            f'"{path}": expected the export "CVAT for video 1.1" of one task '
            f'or job, got <{root.tag}> with {len(tasks)} tasks and '
            f'{len(root.findall("image"))} images; export one task as "CVAT '
            'for video 1.1" or "MOT 1.1"')
    start = tasks[0].findtext('start_frame') or ''
    first = int(start) if start.isdecimal() else 0
    step = _frame_step(tasks[0].findtext('frame_filter') or '')
    tracks = []
    for track in root.findall('track'):
        number = track.get('id') or ''
        if (not number.isdecimal() or len(number) > MAX_DIGITS
                or not track.get('label')):
            raise ValueError(
                f'"{path}": got the track {track.attrib}, expected a whole '
                'number as id and a label; export it again')
        tracks.append((int(number), track.get('label'),
                       _read_boxes(track, first, step, path)))
    others = Counter(
        shape.tag for track in root.findall('track') for shape in track
        if shape.tag != 'box')
    if others:
        print_log(f'warning: {path}: left out shapes that are no boxes: '
                  f'{dict(others)}')
    names = [name.text for name in tasks[0].findall('labels/label/name')]
    names += [label for _, label, _ in tracks]
    size = tasks[0].findtext('size') or ''
    return CvatTracks(
        path=str(path),
        labels=tuple(dict.fromkeys(filter(None, names))),
        tracks=tuple(track for track in tracks if track[2]),
        first_frame=first,
        frame_step=step,
        num_frames=int(size) if size.isdecimal() else None)


def _frame_step(text: str) -> int:
    """Number in ``step=5``, 1 where there is no such filter."""
    number = text.rpartition('step=')[2].strip()
    return max(1, int(number)) if number.isdecimal() else 1


def _read_boxes(track: ElementTree.Element, first: int, step: int,
                path: Path) -> List[CvatBox]:
    boxes = []
    for box in track.findall('box'):
        try:
            boxes.append(_read_box(box, first, step))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f'"{path}", track {track.get("id")}: got the box '
                f'{box.attrib}, expected a frame from {first} in steps of '
                f'{step} and finite corners {CORNERS} of an upright box with '
                'an area. Correct it in CVAT and export again.') from error
    boxes.sort(key=lambda box: box.place)
    places = [box.place for box in boxes]
    repeated = [a for a, b in zip(places, places[1:]) if a == b]
    if repeated:
        raise ValueError(
            f'"{path}", track {track.get("id")}: two boxes in frame '
            f'{repeated[0] * step + first}; correct it and export again')
    return boxes


def _read_box(box: ElementTree.Element, first: int, step: int) -> CvatBox:
    """One box; TypeError or ValueError if an attribute is missing or bad."""
    place, rest = divmod(int(box.get('frame')) - first, step)
    corners = np.array([float(box.get(key)) for key in CORNERS])
    extra = {item.get('name'): item.text or '' for item in box}
    occluded = box.get('occluded') == '1'
    visibility = float(extra.get('visibility', not occluded))
    if (rest or place < 0 or not np.isfinite([*corners, visibility]).all()
            or (corners[2:] <= corners[:2]).any()
            or float(box.get('rotation', 0)) % 360):
        raise ValueError('see the caller')
    return CvatBox(
        place=place,
        corners=corners,
        outside=box.get('outside') == '1',
        conf=float(extra.get('ignored', '').lower() != 'true'),
        visibility=visibility)
