"""The data sets that a config or a folder names, video by video."""
import glob
import os
import re
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Sequence, Tuple

from mmengine.config import Config
from mmengine.logging import print_log

from ipmot_mm.datasets.base_clip_dataset import BaseClipDataset
from ipmot_mm.datasets.coco_video_clip_dataset import CocoVideoClipDataset
from ipmot_mm.datasets.crowdhuman_clip_dataset import CrowdHumanClipDataset
from ipmot_mm.datasets.folder_depth import list_splits
from ipmot_mm.datasets.mot_clip_dataset import MOTClipDataset
from ipmot_mm.datasets.sequence import find_sequences
from ipmot_mm.registry import DATASETS

from .crowdhuman_check import list_bad_lines
from .problems import ProblemLog
from .row_salvage import annotations_of
from .video import Video, are_stills, read_video, videos_of_dataset

PUBLIC_DETECTOR = re.compile('-(DPM|FRCNN|SDP)$')
"""MOT17 has every video three times, once for each set of detections that it
hands out; frames and annotations are the same."""

SPLITS = ('test', 'train', 'val')


@dataclass(frozen=True)
class DatasetPart:
    """One data set of those that are trained on together.

    Attributes:
        cfg (dict): Its config.
        dataset (:obj:`BaseClipDataset`): Built from it; reads no file yet.
        with_gt (bool): Whether there must be annotations.
    """
    cfg: Dict[str, Any]
    dataset: BaseClipDataset
    with_gt: bool

    @property
    def name(self) -> str:
        """str: ``dataset_name``."""
        return self.dataset.dataset_name

    @property
    def class_ids(self) -> Tuple[int, ...]:
        """tuple[int]: Class numbers of the annotations trained on."""
        if isinstance(self.dataset, MOTClipDataset):
            return tuple(int(number) for number in self.dataset.class_ids)
        return tuple(range(1, len(self.dataset.metainfo['classes']) + 1))

    @property
    def with_identities(self) -> bool:
        """bool: Whether its persons have rows in the TrackBook."""
        return self.with_gt and self.cfg.get('with_identities', True)

    def videos(self) -> Iterator[Video]:
        """Read the videos one by one.

        Sequences of MOTChallenge are read each on its own. Other data sets
        read all their files at once and stop at the first problem; then
        there is one empty video that carries it, and for CrowdHuman all
        problems.

        Yields:
            :obj:`Video`: The next one.
        """
        dataset = self.dataset
        try:
            if isinstance(dataset, MOTClipDataset):
                folders = find_sequences(dataset.data_root, dataset.sequences,
                                         dataset.seqmap)
            else:
                dataset.full_init()
        except (ValueError, OSError) as error:
            log = ProblemLog(self.name)
            log.error('cannot be read', str(error))
            if isinstance(dataset, CrowdHumanClipDataset):
                list_bad_lines(dataset, log)
            yield Video(self.name, range(1, 1), (), None, annotations_of([]),
                        log)
            return
        if not isinstance(dataset, MOTClipDataset):
            yield from videos_of_dataset(dataset)
            return
        seen: Dict[str, str] = {}
        for folder in folders:
            video = read_video(
                folder, with_gt=self.with_gt, half=dataset.half)
            first = seen.setdefault(
                PUBLIC_DETECTOR.sub('', video.name), video.name)
            if first != video.name:
                video.problems.warn(
                    'same video', f'{video.name} has the frames and the boxes '
                    f'of {first}, and all are counted again. Take one of them '
                    "with the key sequences, or --sequences '*-SDP'.")
            if len(video.frame_numbers) or video.problems.num_errors:
                yield video

    def clips_of(self, video_name: str) -> BaseClipDataset:
        """The data set to draw clips of a video from.

        Args:
            video_name (str): As :meth:`videos` names it.

        Returns:
            :obj:`BaseClipDataset`: Of this video only, so that a broken one
            does not stop the others; all still images where it is these.
        """
        dataset = self.dataset
        if not isinstance(dataset, MOTClipDataset) and (
                not isinstance(dataset, CocoVideoClipDataset)
                or are_stills(dataset)):
            return dataset
        return DATASETS.build({
            **self.cfg, 'sequences': [glob.escape(video_name)]
        })


def parts_of_config(cfg: Config, split: str) -> List[DatasetPart]:
    """The data sets of a data loader.

    Args:
        cfg (:obj:`Config`): With ``<split>_dataloader``.
        split (str): 'train', 'val' or 'test'.

    Returns:
        list[:obj:`DatasetPart`]: One for each data set.

    Raises:
        ValueError: If the config has no such data loader.
    """
    return [_build_part(part) for part in _flatten(dataset_of(cfg, split))]


def dataset_of(cfg: Config, split: str) -> Dict[str, Any]:
    """Config of the dataset of a data loader.

    Args:
        cfg (:obj:`Config`): With ``<split>_dataloader``.
        split (str): 'train', 'val' or 'test'.

    Returns:
        dict: To build it from.

    Raises:
        ValueError: If the config has no such data loader.
    """
    loader = cfg.get(f'{split}_dataloader')
    if not loader:
        raise ValueError(
            f'{cfg.filename} has no {split}_dataloader. Choose another '
            '--split, or give a config with data.')
    return loader['dataset']


def part_of_folder(folder: str,
                   *,
                   split: str = 'train',
                   sequences: Sequence[str] = ('*', ),
                   class_ids: Tuple[int, ...] = (1, ),
                   pipeline: Sequence[dict] = ()) -> DatasetPart:
    """A folder in the layout of MOTChallenge that no config knows yet.

    Args:
        folder (str): Folder of sequences, a folder above it with a folder
            named like the split, or one sequence.
        split (str): Folder to take where there is one; only 'test' needs no
            annotations. Defaults to 'train'.
        sequences (Sequence[str]): Names to take, with shell wild cards;
            not used where the folder is one sequence. Defaults to
            ``('*', )``.
        class_ids (tuple[int]): Class numbers to train on. Defaults to
            ``(1, )``.
        pipeline (Sequence[dict]): Transforms for the pictures. Defaults to
            ().

    Returns:
        :obj:`DatasetPart`: The only one.

    Raises:
        FileNotFoundError: If there is no sequence, or only folders of other
            splits.
    """
    root, patterns = os.path.abspath(folder), list(sequences)
    if os.path.isdir(os.path.join(root, 'img1')):
        root, name = os.path.split(root)
        patterns = [glob.escape(name)]
    elif os.path.isdir(os.path.join(root, split)):
        others = [name for name in list_splits(root, SPLITS) if name != split]
        if others:
            print_log(f'checking "{split}" of "{folder}"; there '
                      f'{"are" if len(others) > 1 else "is"} also '
                      f'{", ".join(others)}, see --split')
        root = os.path.join(root, split)
    else:
        others = list_splits(root, SPLITS)
        if others:
            raise FileNotFoundError(
                f'no folder "{split}" in "{folder}"; there '
                f'{"are" if len(others) > 1 else "is"} {", ".join(others)}: '
                'choose one with --split')
    # Only of a test set the annotations are kept secret.
    found = find_sequences(root, patterns)
    needs_gt = split != 'test' or any(
        os.path.isfile(os.path.join(each, 'gt', 'gt.txt')) for each in found)
    return _build_part(
        dict(
            type='MOTClipDataset',
            data_root=root,
            dataset_name=os.path.basename(root),
            sequences=patterns,
            class_ids=list(class_ids),
            metainfo=dict(
                classes=tuple(f'class {number}' for number in class_ids)),
            test_mode=not needs_gt,
            pipeline=list(pipeline)))


def _build_part(cfg: Dict[str, Any]) -> DatasetPart:
    return DatasetPart(
        cfg=cfg,
        dataset=DATASETS.build({
            **cfg, 'lazy_init': True
        }),
        with_gt=not cfg.get('test_mode', False))


def _flatten(cfg: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Configs of the data sets inside of wrappers and concatenations."""
    if 'datasets' in cfg:
        return [part for each in cfg['datasets'] for part in _flatten(each)]
    return _flatten(cfg['dataset']) if 'dataset' in cfg else [cfg]
