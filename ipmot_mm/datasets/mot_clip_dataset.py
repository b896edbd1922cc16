"""MOT17, MOT20, DanceTrack, PETS09, SynthMOT: MOTChallenge folders."""
from typing import Any, List, Optional, Sequence

import numpy as np
from mmengine.logging import print_log

from ipmot_mm.registry import DATASETS

from .base_clip_dataset import BaseClipDataset
from .frame_table import VideoAnnotations
from .mot_text import read_ground_truth
from .sequence import MOTSequence, find_sequences, read_sequence

HALVES = (None, 'train', 'val')


@DATASETS.register_module()
class MOTClipDataset(BaseClipDataset):
    """Videos in the layout ``<seq>/{img1, gt/gt.txt, seqinfo.ini}``.

    Read directly, without a converted copy that could be out of date. The
    training targets are the rows with conf 1 of the classes in ``class_ids``,
    whatever their visibility, as MOTR and MeMOTR train. Evaluation is another
    matter: it needs the distractors, so the metric reads ``gt_path`` itself.
    Frames without objects are kept.

    Args:
        data_root (str): Folder with one folder for each sequence.
        dataset_name (str): Name of the data set, such as ``'mot17'``.
        sequences (Sequence[str]): Names to take, with shell wild cards.
            MOT17 holds every video three times: take ``('*-SDP', )``.
            Defaults to ``('*', )``.
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
        FileNotFoundError: If the folder or a file of a sequence is missing.
    """

    def __init__(self,
                 *,
                 data_root: str,
                 dataset_name: str,
                 sequences: Sequence[str] = ('*', ),
                 half: Optional[str] = None,
                 class_ids: Sequence[int] = (1, ),
                 metainfo: Optional[dict] = None,
                 **kwargs: Any) -> None:
        if half not in HALVES:
            raise ValueError(f'half of MOTClipDataset must be one of {HALVES},'
                             f' got {half!r}.')
        classes = {**self.METAINFO, **(metainfo or {})}['classes']
        if len(class_ids) != len(classes):
            raise ValueError(
                f'class_ids={tuple(class_ids)} of MOTClipDataset must name '
                f'one class number for each of metainfo.classes={classes}.')
        self.data_root = data_root
        self.sequences = [sequences] if isinstance(sequences,
                                                   str) else list(sequences)
        self.half = half
        self.class_ids = np.asarray(class_ids)
        super().__init__(
            dataset_name=dataset_name, metainfo=metainfo, **kwargs)

    def load_videos(self) -> List[VideoAnnotations]:
        """Read all sequences that have a frame in this half."""
        videos = []
        for folder in find_sequences(self.data_root, self.sequences):
            sequence = read_sequence(folder, with_gt=not self.test_mode)
            first, end = self._span(len(sequence))
            if first == end:
                print_log(
                    f'Sequence "{sequence.name}" has no frame in '
                    f'half={self.half!r}: it is left out.',
                    logger='current',
                    level=30)
                continue
            videos.append(self._load_video(sequence, first, end))
        if not videos:
            raise ValueError(
                f'No sequence of "{self.data_root}" has a frame in half='
                f'{self.half!r}. Set half=None to take whole sequences.')
        return videos

    def _span(self, length: int) -> tuple:
        """First frame of the split and the one after its last, 0-based."""
        middle = length // 2 + 1
        return {
            None: (0, length),
            'train': (0, min(middle, length)),
            'val': (min(middle, length), length)
        }[self.half]

    def _load_video(self, sequence: MOTSequence, first: int,
                    end: int) -> VideoAnnotations:
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
        rows = rows[(rows.confidences == 1)
                    & np.isin(rows.class_ids, self.class_ids)
                    & (rows.frame_numbers > first)
                    & (rows.frame_numbers <= end)]
        return VideoAnnotations(
            frame_ids=rows.frame_numbers - 1 - first,
            bboxes=rows.bboxes,
            labels=(rows.class_ids[:, None] == self.class_ids).argmax(1),
            instance_ids=rows.instance_ids,
            visibilities=rows.visibilities,
            **common)
