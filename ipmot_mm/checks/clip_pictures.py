"""Pictures of clips, drawn as training would see them."""
from itertools import islice
from pathlib import Path
from typing import Iterator, List, Sequence, Tuple

import cv2
import numpy as np
from mmengine.config import Config
from numpy import ndarray

from ipmot_mm.datasets.base_clip_dataset import BaseClipDataset
from ipmot_mm.datasets.clip_index import ClipIndex
from ipmot_mm.datasets.concat_clip_dataset import ConcatClipDataset
from ipmot_mm.datasets.samplers import ClipSampler
from ipmot_mm.registry import DATASETS
from ipmot_mm.visualization.clip_sheet import draw_clip

from .dataset_part import DatasetPart, dataset_of
from .dataset_report import DatasetReport

PAPER_INTERVAL = 10
"""Largest interval of the paper (Section 4.2)."""


def max_interval_of(cfg: Config, split: str) -> int:
    """Largest interval of the clips of a data loader, else the paper's.

    Args:
        cfg (:obj:`Config`): The config.
        split (str): 'train', 'val' or 'test'.

    Returns:
        int: In frames.
    """
    sampler = cfg.get(f'{split}_dataloader', {}).get('sampler', {})
    return sampler.get('max_interval', PAPER_INTERVAL)


def sample_clips(dataset: BaseClipDataset, *, num_frames: int,
                 max_interval: int, seed: int) -> Iterator[ClipIndex]:
    """Clips of a data set in the random order of an epoch of training.

    Args:
        dataset (:obj:`BaseClipDataset`): Or several, concatenated.
        num_frames (int): Clip length T.
        max_interval (int): Largest distance of neighbours in frames.
        seed (int): Chooses clips, intervals and augmentation.

    Returns:
        Iterator[:obj:`ClipIndex`]: Every frame starts a clip once.
    """
    return iter(
        ClipSampler(
            dataset,
            num_frames=num_frames,
            max_interval=max_interval,
            seed=seed))


def draw_config_clips(cfg: Config, split: str, *, num_clips: int,
                      num_frames: int,
                      seed: int) -> Iterator[Tuple[str, ndarray]]:
    """Draw clips of the data of a config in the order of an epoch.

    Args:
        cfg (:obj:`Config`): With ``<split>_dataloader``.
        split (str): 'train', 'val' or 'test'.
        num_clips (int): How many at most.
        num_frames (int): Clip length T.
        seed (int): Chooses clips, intervals and augmentation.

    Yields:
        tuple[str, ndarray]: File name with the number of the first frame in
        its video, from 1, and picture of :func:`draw_clip`.

    Raises:
        ValueError: If the config has no such data loader.
    """
    dataset = DATASETS.build(dataset_of(cfg, split))
    clips = sample_clips(
        dataset,
        num_frames=num_frames,
        max_interval=max_interval_of(cfg, split),
        seed=seed)
    for number, clip in enumerate(islice(clips, num_clips)):
        part, place = dataset, clip.frame_index
        if isinstance(dataset, ConcatClipDataset):
            part, place = dataset.locate(clip.frame_index)
        frame = part.get_data_info(place)
        name, of_video = frame['video_name'][0], frame['mot_frame_id'][0]
        yield (f'{number:03d}_{name}_{of_video:06d}.jpg'.replace('/', '_'),
               draw_clip(part, clip._replace(frame_index=place)))


def write_clip_pictures(folder: Path, parts: Sequence[DatasetPart],
                        report: DatasetReport, *, num_clips: int,
                        num_frames: int, max_interval: int,
                        seed: int) -> Tuple[List[str], List[str]]:
    """Draw clips of videos chosen at random, one after the other.

    Args:
        folder (Path): Gets ``clip_00.jpg``, ...; is made.
        parts (Sequence[:obj:`DatasetPart`]): The data sets.
        report (:obj:`DatasetReport`): Of their videos.
        num_clips (int): How many pictures at most.
        num_frames (int): Clip length T.
        max_interval (int): Largest distance of neighbours in frames.
        seed (int): Chooses everything.

    Returns:
        tuple[list[str], list[str]]: File names, and what could not be drawn.
    """
    by_name = {part.name: part for part in parts}
    videos = [video for video in report.videos if len(video.objects_per_frame)]
    order = np.random.default_rng(seed).permutation(len(videos)).tolist()
    names: List[str] = []
    notes: List[str] = []
    # Every video once; then, with fewer videos than clips, second clips.
    places = [(i, place) for place in range(num_clips) for i in order]
    failed = set()
    for i, place in places:
        if len(names) == num_clips or len(failed) == len(videos):
            break
        video = videos[i]
        if i in failed:
            continue
        try:
            dataset = by_name[video.part].clips_of(video.name)
            clips = sample_clips(
                dataset,
                num_frames=num_frames,
                max_interval=max_interval,
                seed=seed + i)
            picture = draw_clip(dataset, next(islice(clips, place, None)))
        except StopIteration:
            failed.add(i)
        except (ValueError, OSError) as error:
            failed.add(i)
            notes.append(f'{video.name} is not drawn: {error}')
        else:
            names.append(f'clip_{len(names):02d}.jpg')
            write_picture(folder / names[-1], picture)
    return names, notes


def write_picture(path: Path, picture: ndarray) -> None:
    """Write a picture and the folders above it.

    Args:
        path (Path): The suffix chooses the format.
        picture (ndarray): BGR, uint8, has shape (h, w, 3).

    Raises:
        ValueError: If the format cannot hold a picture so large.
    """
    done, data = cv2.imencode(path.suffix, picture)
    if not done:
        height, width = picture.shape[:2]
        raise ValueError(
            f'"{path.name}" would have {width} x {height} pixels, more than '
            f'{path.suffix} can hold. Show fewer frames with --num-frames.')
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not cv2.imwrite: it answers False where the disk is full.
    path.write_bytes(data.tobytes())
