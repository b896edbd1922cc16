"""MOT15 to MOT20, DanceTrack, SportsMOT, custom data: MOTChallenge folders."""
from collections import Counter
from typing import Any, List, Optional, Sequence

import numpy as np
from mmengine.logging import print_log

from ipmot_mm.registry import DATASETS

from .base_clip_dataset import BaseClipDataset
from .contents_log import log_contents
from .frame_table import VideoAnnotations
from .mot_text import read_ground_truth
from .sequence import (HALVES, MOTSequence, find_sequences, read_sequence,
                       span_of_half)


@DATASETS.register_module()
class MOTClipDataset(BaseClipDataset):
    """Videos in the layout ``<seq>/{img1, gt/gt.txt, seqinfo.ini}``.

    Read directly, without a converted copy that could be out of date. The
    training targets are the rows that count by their conf (see
    :attr:`~ipmot_mm.datasets.mot_text.MOTAnnotations.counts`) of the classes
    in ``class_ids``, whatever their visibility, as MOTR and MeMOTR train; the
    log says how many rows are left out.
    Evaluation is another matter: it needs the distractors, so the metric
    reads ``gt_path`` itself. Frames without objects are kept. Without
    ``seqinfo.ini`` (2DMOT2015, custom data), all frames are taken, see
    :func:`~ipmot_mm.datasets.sequence.read_sequence`.

    ``metainfo['class_ids']`` holds the class number of each label, for
    whoever scores ``gt_path``.

    Args:
        data_root (str): Folder with one folder for each sequence.
        dataset_name (str): Name of the data set, such as ``'mot17'``.
        sequences (Sequence[str]): Names to take, with shell wild cards.
            MOT17 holds every video three times: take ``('*-SDP', )``.
            Defaults to ``('*', )``.
        seqmap (str, optional): File that lists the names to choose from, one
            a line, such as ``dancetrack/val_seqmap.txt``; with ``sequences``,
            those of them that match. Defaults to None, for all folders.
        half (str, optional): ``'train'`` takes the first N // 2 + 1 of the N
            frames of a sequence and ``'val'`` the rest, as FairMOT, ByteTrack
            and mmdet's mot2coco do. Defaults to None, for all frames.
        class_ids (Sequence[int]): Class numbers of MOTChallenge that are
            trained on; the label is the position in this list. Defaults to
            ``(1, )``, pedestrians.
        kwargs: See :obj:`BaseClipDataset`.

    Raises:
        ValueError: If ``half`` is unknown, the classes do not fit, no
            sequence has a frame in this half, all boxes for a training are
            left out, or a file is malformed.
        FileNotFoundError: If the folder, a file of a sequence, or a sequence
            of the seqmap is missing.
    """

    def __init__(self,
                 *,
                 data_root: str,
                 dataset_name: str,
                 sequences: Sequence[str] = ('*', ),
                 seqmap: Optional[str] = None,
                 half: Optional[str] = None,
                 class_ids: Sequence[int] = (1, ),
                 metainfo: Optional[dict] = None,
                 **kwargs: Any) -> None:
        if half not in HALVES:
            raise ValueError(f'half of MOTClipDataset must be one of {HALVES},'
                             f' got {half!r}.')
        classes = {**self.METAINFO, **(metainfo or {})}['classes']
        if not len(set(class_ids)) == len(class_ids) == len(classes):
            raise ValueError(
                f'class_ids={tuple(class_ids)} of MOTClipDataset must name '
                'one class number for each of metainfo.classes='
                f'{tuple(classes)}, none of them twice.')
        self.data_root = data_root
        self.sequences = [sequences] if isinstance(sequences,
                                                   str) else list(sequences)
        self.seqmap = seqmap
        self.half = half
        self.class_ids = np.asarray(class_ids)
        metainfo = {**(metainfo or {}), 'class_ids': tuple(class_ids)}
        super().__init__(
            dataset_name=dataset_name, metainfo=metainfo, **kwargs)

    def load_videos(self) -> List[VideoAnnotations]:
        """Read all sequences that have a frame in this half."""
        videos: List[VideoAnnotations] = []
        inferred: List[str] = []
        left_out: Counter = Counter()
        for folder in find_sequences(self.data_root, self.sequences,
                                     self.seqmap):
            sequence = read_sequence(folder, with_gt=not self.test_mode)
            if not sequence.has_seqinfo:
                inferred.append(sequence.name)
            first, end = span_of_half(len(sequence), self.half)
            if first == end:
                _warn(f'Sequence "{sequence.name}" has no frame in '
                      f'half={self.half!r}: it is left out.')
                continue
            videos.append(self._load_video(sequence, first, end, left_out))
        if not videos:
            raise ValueError(
                f'No sequence of "{self.data_root}" has a frame in half='
                f'{self.half!r}. Set half=None to take whole sequences.')
        if inferred:
            print_log(
                f'{len(inferred)} sequences of "{self.data_root}" have no '
                f'seqinfo.ini, such as {inferred[0]}: all their frames are '
                'taken.',
                logger='current')
        log_contents(self.data_root, videos, left_out)
        num_left_out = sum(left_out.values())
        if (num_left_out and not self.test_mode
                and not any(len(video.labels) for video in videos)):
            raise ValueError(
                f'None of the {num_left_out} boxes of "{self.data_root}" is '
                f'trained on: {dict(left_out)}. Columns 7 and 8 of gt.txt are '
                'conf, not 0 for what counts, and class, one of class_ids='
                f'{self.metainfo["class_ids"]}: correct one of them.')
        return videos

    def _load_video(self, sequence: MOTSequence, first: int, end: int,
                    left_out: Counter) -> VideoAnnotations:
        """The frames from ``first`` up to ``end``; the rows of theirs that
        are left out are added to ``left_out``."""
        common = dict(
            name=sequence.name,
            image_dir=sequence.image_dir,
            image_names=sequence.image_names[first:end],
            first_frame=first,
            gt_path=sequence.gt_path)
        if not sequence.gt_path:
            nothing = np.zeros(0, dtype=np.int64)
            return VideoAnnotations(
                frame_ids=nothing,
                bboxes=np.zeros((0, 4)),
                labels=nothing,
                instance_ids=nothing,
                visibilities=nothing,
                **common)
        rows = read_ground_truth(sequence.gt_path, len(sequence))
        rows = rows[(rows.frame_numbers > first) & (rows.frame_numbers <= end)]
        known = np.isin(rows.class_ids, self.class_ids)
        left_out['rows of other classes'] += int((~known).sum())
        left_out['rows with conf 0 as a whole number'] += int(
            (known & ~rows.counts).sum())
        used = rows[known & rows.counts]
        return VideoAnnotations(
            frame_ids=used.frame_numbers - 1 - first,
            bboxes=used.bboxes,
            labels=(used.class_ids[:, None] == self.class_ids).argmax(1),
            instance_ids=used.instance_ids,
            visibilities=used.visibilities,
            **common)


def _warn(message: str) -> None:
    print_log(message, logger='current', level=30)
