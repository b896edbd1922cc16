"""MOT15 to MOT20, DanceTrack, SportsMOT, custom data: MOTChallenge folders."""
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
from mmengine.logging import print_log

from ipmot_mm.registry import DATASETS

from .base_clip_dataset import BaseClipDataset
from .frame_table import VideoAnnotations
from .mot_text import read_ground_truth
from .sequence import (HALVES, MOTSequence, find_sequences, read_sequence,
                       span_of_half)


@DATASETS.register_module()
class MOTClipDataset(BaseClipDataset):
    """Videos in the layout ``<seq>/{img1, gt/gt.txt, seqinfo.ini}``.

    Read directly, without a converted copy that could be out of date. The
    training targets are the rows whose conf is not 0 of the classes in
    ``class_ids``, whatever their visibility, as MOTR and MeMOTR train.
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
            sequence has a frame in this half, or a file is malformed.
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
        num_rows = 0
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
            video, num_read = self._load_video(sequence, first, end)
            videos.append(video)
            num_rows += num_read
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
        if num_rows and not any(len(video.labels) for video in videos):
            _warn(f'"{self.data_root}": none of {num_rows} boxes has a class '
                  f'in class_ids={self.metainfo["class_ids"]} and a conf '
                  'other than 0, so there is no object.')
        return videos

    def _load_video(self, sequence: MOTSequence, first: int,
                    end: int) -> Tuple[VideoAnnotations, int]:
        """The video, and how many boxes its frames have of any kind."""
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
                **common), 0
        rows = read_ground_truth(sequence.gt_path, len(sequence))
        rows = rows[(rows.frame_numbers > first) & (rows.frame_numbers <= end)]
        used = rows[(rows.confidences != 0)
                    & np.isin(rows.class_ids, self.class_ids)]
        return VideoAnnotations(
            frame_ids=used.frame_numbers - 1 - first,
            bboxes=used.bboxes,
            labels=(used.class_ids[:, None] == self.class_ids).argmax(1),
            instance_ids=used.instance_ids,
            visibilities=used.visibilities,
            **common), len(rows)


def _warn(message: str) -> None:
    print_log(message, logger='current', level=30)
