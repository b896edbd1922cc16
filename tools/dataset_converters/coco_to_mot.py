"""Turn a COCO-VID json into sequences of MOTChallenge layout.

What is read, and how, is what :obj:`CocoVideoClipDataset` does: COCO with
``videos``, ``video_id`` and ``frame_id`` in ``images`` and one of
``mot_instance_id``, ``instance_id`` and ``track_id`` in ``annotations``.
``mot_conf`` and ``visibility`` of mmdet's
``tools/dataset_converters/mot2coco.py`` are taken over, so that the way back
ends where it began. Objects that the data set leaves out get conf 0; those of
them without an identity, such as crowds, have no row.

Example:
    python tools/dataset_converters/coco_to_mot.py annotations/train.json \\
        images data/custom/train
"""
import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import numpy as np
from mmengine.logging import print_log
from numpy import ndarray

from ipmot_mm.datasets.coco_frames import (CocoFrames, read_coco_categories,
                                           read_coco_frames)
from ipmot_mm.datasets.coco_objects import (NO_ID, read_coco_objects,
                                            refuse_anonymous,
                                            sort_coco_objects)
from ipmot_mm.datasets.coco_records import CocoRecords
from ipmot_mm.datasets.conversion import (SourceFrames, add_class_argument,
                                          add_output_arguments,
                                          convert_sequence, number_classes,
                                          save_classes)
from ipmot_mm.datasets.conversion.frame_rate import print_unknown_rate
from ipmot_mm.datasets.frame_source import DEFAULT_FPS
from ipmot_mm.datasets.sequence_frames import ImageFiles, WrittenFrames
from ipmot_mm.user_errors import CommandError, run_tool


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Turn each video of a COCO-VID json into a sequence of '
        'MOTChallenge layout.')
    parser.add_argument('ann_file', help='json in COCO-VID format')
    parser.add_argument('img_prefix', help='folder that file_name starts from')
    add_output_arguments(parser)
    add_class_argument(parser)
    return parser.parse_args(argv)


def convert(args: argparse.Namespace) -> None:
    """Write all sequences."""
    records = CocoRecords(args.ann_file)
    videos = read_videos(records)
    names = name_sequences(records, videos, args)
    categories = read_coco_categories(records)
    numbers = number_classes(categories, args)
    # all of them before the first file is written
    rows = read_rows(records, videos, categories, numbers)
    save_classes(numbers, args)
    for video, name, own_rows in zip(videos, names, rows):
        paths = [Path(args.img_prefix) / path for path in video.file_names]
        rate = args.frame_rate
        if rate is None:
            entry = records.records('videos')[video.video_index]
            rate = entry.get('fps', DEFAULT_FPS)
            if 'fps' not in entry:
                print_unknown_rate(name)
        source = SourceFrames(name,
                              ImageFiles(paths,
                                         link_mode=args.link_mode), None, rate)
        annotate = partial(check_size, records, video, own_rows)
        convert_sequence(name, source, annotate, args)


def read_videos(records: CocoRecords) -> List[CocoFrames]:
    """The videos; still images are refused, numbers left out are told."""
    num_listed = len(records.records('videos'))
    images = records.records('images')
    for index, image in enumerate(images):
        if image.get('video_id') is None:
            records.fail(
                'images', index, '"video_id" is missing, and a still image '
                'is no sequence')
    videos = read_coco_frames(records, may_have_holes=True)
    if len(videos) < num_listed:
        print_log(f'warning: {records.path}: {num_listed - len(videos)} '
                  'videos without images are left out')
    for video in videos:
        first, last = (
            images[video.image_indices[place]]['frame_id']
            for place in (0, -1))
        num_absent = last - first + 1 - len(video)
        if num_absent:
            print_log(f'warning: {video.name}: {num_absent} numbers between '
                      f'frame_id {first} and {last} have no image; frames '
                      'are numbered without them')
    return videos


def name_sequences(records: CocoRecords, videos: Sequence[CocoFrames],
                   args: argparse.Namespace) -> List[str]:
    """Name of the sequence of each video; slashes become ``-``."""
    names = [video.name.strip('/').replace('/', '-') for video in videos]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated or not names:
        raise CommandError(
            f'"{records.path}": videos must have images and different names '
            f'(a slash is the same as "-"), got {len(names)} videos, with '
            f'these names more than once: {repeated[:5]}')
    there = [name for name in names if (Path(args.out) / name).exists()]
    if there and not args.overwrite:
        raise CommandError(
            f'"{args.out}" has sequences of these names already: '
            f'{there[:5]}. Choose another folder, or pass --overwrite.')
    return names


def read_rows(records: CocoRecords, videos: Sequence[CocoFrames],
              categories: Dict[str, int], numbers: Dict[str,
                                                        int]) -> List[ndarray]:
    """Rows of gt.txt of each video, by frame and id."""
    objects = read_coco_objects(records, videos, categories)
    sizes = objects.bboxes[:, 2:] - objects.bboxes[:, :2]
    for index in np.flatnonzero((sizes < 0).any(1)):
        records.fail('annotations', index, '"bbox" has a negative size')
    unused = objects.ignored | objects.flat
    nameless = unused & (objects.instance_ids == NO_ID)
    if nameless.any():
        print_log(f'{records.path}: {nameless.sum()} objects without identity '
                  'are left out: they are ignored or have no area')
    chosen = np.flatnonzero(~nameless)
    refuse_anonymous(records, objects, chosen)
    order = chosen[sort_coco_objects(records, objects.frames[chosen],
                                     objects.instance_ids[chosen], chosen)]
    number_of = {categories[name]: numbers[name] for name in categories}
    lengths = [len(video) for video in videos]
    ends = np.cumsum(lengths)
    owners = np.searchsorted(ends, objects.frames, side='right')
    rows = np.column_stack([
        1 + objects.frames - (ends - lengths)[owners],
        objects.instance_ids,
        objects.bboxes[:, :2],
        sizes,
        ~unused,
        [number_of[category] for category in objects.category_ids],
        objects.visibilities,
    ])[order]
    return np.split(rows, np.searchsorted(objects.frames[order], ends[:-1]))


def check_size(records: CocoRecords, video: CocoFrames, rows: ndarray,
               written: WrittenFrames) -> ndarray:
    """The rows, if the images are those that were annotated."""
    for index in video.image_indices:
        image = records.records('images')[index]
        size = (image.get('width',
                          written.size[0]), image.get('height',
                                                      written.size[1]))
        if size != written.size:
            records.fail(
                'images', index, '"width" and "height" are not the '
                f'{written.size} of the file')
    return rows


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Convert, or say in one line why not."""
    return run_tool(convert, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
