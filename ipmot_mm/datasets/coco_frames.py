"""Categories and frames of a COCO-VID json file."""
import os
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Set, Tuple

from .coco_records import CocoRecords, RecordId


@dataclass(frozen=True)
class CocoFrames:
    """The frames of one video, in order.

    Attributes:
        name (str): Name of the video; of a still image, that of its file
            without ending.
        video_index (int, optional): Its entry in the list ``videos``. None
            for a still image.
        image_indices (tuple[int]): Entry of each frame in the list
            ``images``.
        file_names (tuple[str]): Path of each image as the file gives it.
        first_frame (int, optional): 0-based number of the first frame in the
            whole video. None if the file does not tell, or there are holes.
    """
    name: str
    video_index: Optional[int]
    image_indices: Tuple[int, ...]
    file_names: Tuple[str, ...]
    first_frame: Optional[int]

    def __len__(self) -> int:
        return len(self.image_indices)


def read_coco_categories(records: CocoRecords) -> Dict[str, int]:
    """Id of each category by its name; neither may be there twice."""
    categories: Dict[str, int] = {}
    for index in range(len(records.records('categories'))):
        name = records.get('categories', index, 'name', str)
        number = records.get('categories', index, 'id', int)
        if name in categories or number in categories.values():
            records.fail('categories', index,
                         'another category has this name or "id"')
        categories[name] = number
    return categories


def read_coco_frames(records: CocoRecords,
                     *,
                     may_have_holes: bool = False) -> List[CocoFrames]:
    """All videos that have a frame.

    An image without ``video_id`` is a video of one frame, as in mmdet
    (``mmdet/datasets/base_video_dataset.py:27-90`` of 3.3.0).

    Args:
        records (:obj:`CocoRecords`): The file.
        may_have_holes (bool): Whether numbers between those of the frames of
            a video may be missing. Defaults to False.

    Returns:
        list[:obj:`CocoFrames`]: First those of the list ``videos``, then the
        still images, each in the order of the file.

    Raises:
        ValueError: If a key is missing, an id is there twice, an image
            belongs to no video, or the frames of a video have a hole. The
            message names file and entry.
    """
    groups: Dict[RecordId, List[int]] = {}
    names: List[str] = []
    taken: Set[str] = set()
    if 'videos' in records:
        for index, record in enumerate(records.records('videos')):
            groups[records.get_new_id('videos', index, groups)] = []
            key = 'name' if 'name' in record else 'file_name'
            names.append(records.get('videos', index, key, str))
            if names[-1] in taken:
                records.fail('videos', index, 'another video has this name')
            taken.add(names[-1])
    stills: List[int] = []
    seen: Set[RecordId] = set()
    for index, record in enumerate(records.records('images')):
        seen.add(records.get_new_id('images', index, seen))
        records.get('images', index, 'file_name', str)
        if record.get('video_id') is None:
            stills.append(index)
            continue
        groups[records.get_link('images', index, 'video_id', 'videos',
                                groups)].append(index)
    videos = []
    for index, (name, indices) in enumerate(zip(names, groups.values())):
        if indices:
            order = _order_frames(records, name, indices, may_have_holes)
            videos.append(
                CocoFrames(
                    name=name,
                    video_index=index,
                    image_indices=tuple(order),
                    file_names=_file_names(records, order),
                    first_frame=None if may_have_holes else _find_first_frame(
                        records, order)))
    return videos + _name_stills(records, stills, taken)


def _order_frames(records: CocoRecords, name: str, indices: Sequence[int],
                  may_have_holes: bool) -> List[int]:
    """Images of one video by ``frame_id``."""

    def number_of(index: int) -> int:
        return records.get('images', index, 'frame_id', int)

    order = sorted(indices, key=number_of)
    for before, index in zip(order, order[1:]):
        expected = number_of(before) + 1
        if number_of(index) < expected:
            records.fail(
                'images', index, '"frame_id" is that of another '
                f'image of video "{name}"')
        if number_of(index) > expected and not may_have_holes:
            records.fail(
                'images', index, f'"frame_id" of video "{name}" must be '
                f'{expected}: neighbours in the file have to be neighbours '
                'in time, so it needs all frames, also those without objects')
    return order


def _file_names(records: CocoRecords,
                indices: Sequence[int]) -> Tuple[str, ...]:
    images = records.records('images')
    return tuple(images[index]['file_name'] for index in indices)


def _find_first_frame(records: CocoRecords,
                      order: Sequence[int]) -> Optional[int]:
    """0-based number of the first frame, from ``mot_frame_id`` or else from
    the names of the files, which is where ``mot2coco.py`` has it from."""
    images = records.records('images')
    if 'mot_frame_id' in images[order[0]]:
        numbers = [
            records.get('images', index, 'mot_frame_id', int)
            for index in order
        ]
        for position, (index, number) in enumerate(zip(order, numbers)):
            if number != numbers[0] + position or number < 1:
                records.fail(
                    'images', index, '"mot_frame_id" must count from '
                    '1 on as "frame_id" does')
        return numbers[0] - 1
    stems = [
        os.path.splitext(os.path.basename(name))[0]
        for name in _file_names(records, order)
    ]
    if not all(stem.isascii() and stem.isdigit() for stem in stems):
        return None
    starts = {int(stem) - 1 - place for place, stem in enumerate(stems)}
    start = starts.pop()
    return start if not starts and start >= 0 else None


def _name_stills(records: CocoRecords, indices: Sequence[int],
                 taken: Set[str]) -> List[CocoFrames]:
    """Still images, named as briefly as their files allow."""
    paths = [
        os.path.splitext(name)[0] for name in _file_names(records, indices)
    ]
    stems = [os.path.basename(path) for path in paths]
    names = paths if len(set(stems)) < len(stems) else stems
    frames = []
    for index, name in zip(indices, names):
        if name in taken:
            records.fail('images', index, 'another image or video has this '
                         'name')
        taken.add(name)
        frames.append(
            CocoFrames(
                name=name,
                video_index=None,
                image_indices=(index, ),
                file_names=_file_names(records, [index]),
                first_frame=None))
    return frames
