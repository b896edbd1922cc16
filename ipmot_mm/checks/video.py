"""A video as the check sees it, whatever its files were."""
import configparser
import os
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np

from ipmot_mm.datasets.base_clip_dataset import BaseClipDataset
from ipmot_mm.datasets.mot_text import MOTAnnotations
from ipmot_mm.datasets.sequence import (IMAGE_DIR, IMAGE_EXTENSIONS,
                                        read_sequence, span_of_half)

from .problems import ProblemLog, some
from .row_salvage import annotations_of, read_rows


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

    :func:`read_sequence` decides what is right; what it would stop at is in
    the problems too.

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
    image_dir = os.path.join(folder, info.get('imdir', IMAGE_DIR))
    if not info and not os.path.isdir(image_dir):
        image_dir = folder
    found = _list_frames(image_dir, info.get('imext'), log)
    length = _number(info, 'seqlength') or max(found, default=0)
    _check_frames(found, length, log)
    if not log.num_errors:
        try:
            read_sequence(folder, with_gt=False)
        except (ValueError, OSError) as error:
            log.error('layout', str(error))

    first, end = span_of_half(length, half)
    frames = range(first + 1, end + 1)
    gt_path = os.path.join(folder, 'gt', 'gt.txt')
    if with_gt or os.path.isfile(gt_path):
        rows = read_rows(gt_path, length, log)
    else:
        rows = annotations_of([])
    unseen = np.setdiff1d(rows.frame_numbers, list(found)).tolist()
    if unseen and found:
        log.error(
            'frames without files', f'gt.txt has boxes in {len(unseen)} '
            f'frames that have no file: {some(unseen)}')
    inside = (rows.frame_numbers >= frames.start) & (
        rows.frame_numbers < frames.stop)
    width, height = _number(info, 'imwidth'), _number(info, 'imheight')
    return Video(
        name=name,
        frame_numbers=frames,
        image_paths=tuple(
            os.path.join(image_dir, found[number]) for number in frames
            if number in found),
        size=(width, height) if width and height else None,
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
    if len(offsets) > 2 and int(np.diff(offsets).max()) == 1:
        name = f'{dataset.dataset_name} ({len(dataset)} images)'
        return [_gather(dataset, range(len(dataset)), name, is_stills=True)]
    return [
        _gather(dataset, range(first, end),
                dataset.get_data_info(first)['video_name'][0])
        for first, end in zip(offsets[:-1].tolist(), offsets[1:].tolist())
    ]


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


def _read_info(folder: str, log: ProblemLog) -> Dict[str, str]:
    """Keys of the section [Sequence] in lower case, as far as readable."""
    path = os.path.join(folder, 'seqinfo.ini')
    if not os.path.isfile(path):
        log.warn(
            'no seqinfo.ini', 'the frames tell length and size; tools such as '
            'TrackEval need the file')
        return {}
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding='utf-8-sig')
        info = dict(parser['Sequence'])
    except (configparser.Error, KeyError, UnicodeDecodeError) as error:
        log.error(
            'seqinfo.ini', f'"{path}" is broken ({type(error).__name__}). It '
            'needs a section [Sequence] with seqLength, imWidth, imHeight, '
            'imDir and imExt.')
        return {}
    if not _number(info, 'seqlength'):
        log.error(
            'seqinfo.ini', f'seqLength of "{path}" must be a whole positive '
            f'number, got {info.get("seqlength", "")!r}.')
    if not (_number(info, 'imwidth') and _number(info, 'imheight')):
        log.warn('no image size', f'"{path}" has no imWidth and imHeight, '
                 'which tools of others read')
    return {'imext': '.jpg', **info}


def _number(info: Dict[str, str], key: str) -> int:
    """A positive number, or 0."""
    text = info.get(key, '').strip()
    return int(text) if text.isascii() and text.isdigit() else 0


def _list_frames(image_dir: str, suffix: Optional[str],
                 log: ProblemLog) -> Dict[int, str]:
    """File of each frame number; names that are no frame are a problem."""
    if not os.path.isdir(image_dir):
        log.error('missing frames', f'there is no folder "{image_dir}"')
        return {}
    names = sorted(entry.name for entry in os.scandir(image_dir)
                   if entry.is_file() and not entry.name.startswith('.'))
    suffixes = (f'.{suffix.lower().lstrip(".")}', ) if suffix else (
        IMAGE_EXTENSIONS)
    found: Dict[int, str] = {}
    strange = []
    for name in names:
        stem, ending = os.path.splitext(name)
        is_frame = stem.isascii() and stem.isdigit() and (
            ending.lower() in suffixes)
        if is_frame and int(stem) not in found:
            found[int(stem)] = name
        else:
            strange.append(name)
    if strange:
        log.warn(
            'strange files', f'{len(strange)} files in "{image_dir}" are no '
            f'frame of their own <number>{suffixes[0]}: {some(strange)}')
    return found


def _check_frames(found: Dict[int, str], length: int, log: ProblemLog) -> None:
    missing = [number for number in range(1, length + 1)
               if number not in found]
    if missing:
        log.error(
            'missing frames', f'{len(missing)} of {length} frames have no '
            f'file: {some(missing)}. Copy them, or correct seqLength.')
    extra = sorted(number for number in found if not 1 <= number <= length)
    if extra:
        log.warn(
            'extra frames', f'{len(extra)} files lie outside of the {length} '
            f'frames and are not used: {some(extra)}')
    if not length:
        log.error('missing frames', 'the video has no frame')
