"""A video as the check sees it, whatever its files were."""
import os
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np

from ipmot_mm.datasets.base_clip_dataset import BaseClipDataset
from ipmot_mm.datasets.mot_text import MOTAnnotations
from ipmot_mm.datasets.sequence import (IMAGE_EXTENSIONS, SeqInfo, find_frames,
                                        find_image_dir, list_frames,
                                        positive_number, read_seqinfo,
                                        span_of_half)
from ipmot_mm.user_errors import some

from .problems import ProblemLog
from .row_salvage import annotations_of, read_rows

MAX_FRAMES = 1_000_000
"""Nine hours of video. A larger number is a time or a slip, and a table of so
many frames would not fit into memory."""


@dataclass(frozen=True)
class Video:
    """Frames and annotations of one video, as far as they can be read.

    Attributes:
        name (str): Name of the video.
        frame_numbers (range): Frames of this split, 1-based in the video.
        image_paths (tuple[str]): Images of the frames that have one.
        size (tuple[int, int], optional): Width and height in pixels that the
            files promise; None where they do not.
        annotations (:obj:`MOTAnnotations`): All rows of these frames.
        problems (:obj:`ProblemLog`): What is wrong so far.
        is_stills (bool): Whether every frame is a picture of its own, such
            as those of CrowdHuman.
    """
    name: str
    frame_numbers: range
    image_paths: Tuple[str, ...]
    size: Optional[Tuple[int, int]]
    annotations: MOTAnnotations
    problems: ProblemLog
    is_stills: bool = False


def read_video(folder: str,
               *,
               with_gt: bool = True,
               half: Optional[str] = None) -> Video:
    """Read a sequence of MOTChallenge, and go on after a problem.

    What :func:`read_sequence` would stop at is in the problems.

    Args:
        folder (str): ``<seq>/{img1, gt/gt.txt, seqinfo.ini}``.
        with_gt (bool): Whether there must be annotations. Defaults to True.
        half (str, optional): See :obj:`MOTClipDataset`. Defaults to None.

    Returns:
        :obj:`Video`: What was found.
    """
    name = os.path.basename(os.path.normpath(folder))
    log = ProblemLog(name)
    info = _read_info(folder, log)
    image_dir = find_image_dir(folder, info)
    found = _choose_files(image_dir, info, log)
    length = _check_frames(folder, info, found, log)
    first, end = span_of_half(length, half)
    frames = range(first + 1, end + 1)
    gt_path = os.path.join(folder, 'gt', 'gt.txt')
    if with_gt or os.path.isfile(gt_path):
        # without frames, that is the problem, not each row of gt.txt
        rows = read_rows(gt_path, length or MAX_FRAMES, log)
    else:
        rows = annotations_of([])
    unseen = np.setdiff1d(rows.frame_numbers, list(found)).tolist()
    if unseen and found:
        log.error(
            'frames without files', f'gt.txt has boxes in {len(unseen)} '
            f'frames that have no file: {some(unseen)}')
    inside = (rows.frame_numbers >= frames.start) & (
        rows.frame_numbers < frames.stop)
    return Video(
        name=name,
        frame_numbers=frames,
        image_paths=tuple(
            os.path.join(image_dir, found[number]) for number in frames
            if number in found),
        size=_size_of(info) if info else None,
        annotations=rows[inside],
        problems=log)


def videos_of_dataset(dataset: BaseClipDataset) -> List[Video]:
    """Videos of any clip dataset that could read its files.

    Still images are put together into one video.

    Args:
        dataset (:obj:`BaseClipDataset`): The dataset.

    Returns:
        list[:obj:`Video`]: One for each video, or one for all stills.
    """
    offsets = dataset.video_offsets
    if are_stills(dataset):
        name = f'{dataset.dataset_name} ({len(dataset)} images)'
        return [_gather(dataset, range(len(dataset)), name, is_stills=True)]
    return [
        _gather(dataset, range(first, end),
                dataset.get_data_info(first)['video_name'][0])
        for first, end in zip(offsets[:-1].tolist(), offsets[1:].tolist())
    ]


def are_stills(dataset: BaseClipDataset) -> bool:
    """Whether a dataset has several videos, each of one frame."""
    offsets = dataset.video_offsets
    return len(offsets) > 2 and int(np.diff(offsets).max()) == 1


def _gather(dataset: BaseClipDataset,
            indices: range,
            name: str,
            is_stills: bool = False) -> Video:
    frames = [dataset.get_data_info(index) for index in indices]
    rows: List[List[float]] = []
    for number, frame in enumerate(frames, start=1):
        boxes = frame['gt_bboxes'][0]
        # An id of a still image means a person of that image only.
        ids = (
            range(len(rows), len(rows) + len(boxes))
            if is_stills else frame['gt_instances_ids'][0])
        for ident, (x1, y1, x2, y2), label, visible in zip(
                ids, boxes, frame['gt_bboxes_labels'][0],
                frame['gt_visibilities'][0]):
            rows.append([
                number, ident, x1, y1, x2 - x1, y2 - y1, 1, label + 1, visible
            ])
    return Video(
        name=name,
        frame_numbers=range(1, len(frames) + 1),
        image_paths=tuple(frame['img_path'][0] for frame in frames),
        size=None,
        annotations=annotations_of(rows),
        problems=ProblemLog(name),
        is_stills=is_stills)


def _read_info(folder: str, log: ProblemLog) -> Optional[SeqInfo]:
    """What ``seqinfo.ini`` says, None where it says nothing."""
    path = os.path.join(folder, 'seqinfo.ini')
    try:
        info = read_seqinfo(folder)
    except ValueError as error:
        log.error('seqinfo.ini', str(error))
        return None
    if info is None:
        log.warn(
            'no seqinfo.ini', 'the frames tell length and size; tools such as '
            'TrackEval need the file')
    elif _size_of(info) is None:
        log.warn('no image size', f'"{path}" has no imWidth and imHeight, '
                 'which tools of others read')
    return info


def _size_of(info: SeqInfo) -> Optional[Tuple[int, int]]:
    """Width and height in pixels, None where they are not told."""
    width, height = (positive_number(info.get(key, ''))
                     for key in ('imwidth', 'imheight'))
    return (width, height) if width and height else None


def _choose_files(image_dir: str, info: Optional[SeqInfo],
                  log: ProblemLog) -> Dict[int, str]:
    """File of each frame number; what is no frame is a warning."""
    found = {
        number: names[0]
        for number, names in list_frames(image_dir, info).items()
    }
    if os.path.isdir(image_dir):
        strange = sorted({
            entry.name
            for entry in os.scandir(image_dir)
            if entry.is_file() and not entry.name.startswith('.')
        }.difference(found.values()))
        if strange:
            log.warn(
                'strange files', f'{len(strange)} files in "{image_dir}" are '
                'no frame of their own <number>'
                f'{info["imext"] if info else IMAGE_EXTENSIONS[0]}: '
                f'{some(strange)}')
    return found


def _check_frames(folder: str, info: Optional[SeqInfo], found: Dict[int, str],
                  log: ProblemLog) -> int:
    """Length of the video in frames."""
    try:
        find_frames(folder, info)
    except FileNotFoundError as error:
        log.error('missing frames', str(error))
    except ValueError as error:
        log.error('frame numbers', str(error))
    length = int(info['seqlength']) if info else max(found, default=0)
    if length > MAX_FRAMES:
        log.error(
            'frame numbers', f'a video of {length} frames is not checked '
            f'beyond {len(found)}, the number of its files. Count the frames '
            'from 1 on, and correct seqLength.')
        length = len(found)
    extra = sorted(number for number in found if not 1 <= number <= length)
    if extra:
        log.warn(
            'extra frames', f'{len(extra)} files lie outside of the {length} '
            f'frames and are not used: {some(extra)}')
    return length
