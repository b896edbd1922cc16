"""Speed of data loading, stage by stage and as a whole."""
import copy
import time
from typing import Any, Callable, Dict, List, Optional

from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset

from ipmot_mm.datasets.clip_index import ClipIndex
from ipmot_mm.datasets.transforms import (ClipRandomChoice, LoadClipImages,
                                          PackClipInputs, render_clip)

from .stopwatch import CLOCKS, Stopwatch

SPLITS = ('train', 'val', 'test')
SEED = 0
NUM_WARM_UP_CLIPS = 2
PREFETCH = 2
"""Batches that a worker of torch's DataLoader keeps ready."""
TOTAL = 'total'


def build_loader(cfg: Config,
                 split: str,
                 num_workers: int,
                 num_frames: Optional[int] = None) -> DataLoader:
    """Build the data loader of a config.

    Args:
        cfg (Config): The config.
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        num_workers (int): Number of worker processes.
        num_frames (int, optional): Clip length T instead of the config's.
            Defaults to None.

    Returns:
        DataLoader: The loader.

    Raises:
        ValueError: If the config has no such loader.
    """
    key = f'{split}_dataloader'
    if not cfg.get(key):
        raise ValueError(f'The config has no {key}. Choose another of '
                         f'{SPLITS}, or a config with data.')
    loader_cfg = copy.deepcopy(cfg[key])
    loader_cfg.update(
        num_workers=num_workers, persistent_workers=num_workers > 0)
    loader = Runner.build_dataloader(loader_cfg, seed=SEED)
    if num_frames is not None and hasattr(loader.sampler, 'set_num_frames'):
        loader.sampler.set_num_frames(num_frames)
    return loader


def measure_stages(loader: DataLoader,
                   num_clips: int,
                   make_pipeline: Optional[Callable] = None,
                   clock: str = 'wall') -> Dict[str, Any]:
    """Time the stages of loading in this process.

    The stages are ``read`` (bytes of the file; the first time from the disk,
    later as a rule from the memory of the system), ``decode``, ``augment``
    with one stage for each transform and one for the resize and flip that
    they leave due, ``pack`` and ``collate``; the whole has the annotations
    and all between the stages, too.

    Args:
        loader (DataLoader): The loader; only its dataset, sampler and
            function to collate are used.
        num_clips (int): Number of clips to time.
        make_pipeline (callable, optional): Makes the timed pipeline from
            that of a dataset and a :obj:`Stopwatch`. Defaults to None, for
            :func:`timed_pipeline`.
        clock (str): ``'wall'`` or ``'cpu'``, see ``CLOCKS``. Defaults to
            ``'wall'``.

    Returns:
        dict: ``stages``, a list of dict(name, ms_per_frame: median over the
        clips that have this stage, share: of the clips that have it,
        mean_ms_per_frame: over all clips); ``ms_per_frame`` (median) and
        ``frames_per_second`` of the whole; ``num_clips``, ``num_frames`` (T),
        ``clock`` and ``image_size`` ((w, h) of the first file).
    """
    watch = Stopwatch(CLOCKS[clock])
    dataset = with_pipelines(
        loader.dataset, lambda pipeline:
        (make_pipeline or timed_pipeline)(pipeline, watch))
    clips = sampled_clips(loader, num_clips + NUM_WARM_UP_CLIPS)
    for clip in clips:
        with watch.lap(), watch.stage(TOTAL):
            sample = dataset[clip]
            if make_pipeline is None:
                with watch.stage('collate'):
                    loader.collate_fn([sample])
    del watch.laps[:NUM_WARM_UP_CLIPS]
    num_frames = clip_length(clips[0])
    return dict(
        stages=[
            dict(
                name=name,
                ms_per_frame=watch.median(name) * 1e3 / num_frames,
                share=watch.share(name),
                mean_ms_per_frame=watch.mean(name) * 1e3 / num_frames)
            for name in watch.names() if name != TOTAL
        ],
        ms_per_frame=watch.median(TOTAL) * 1e3 / num_frames,
        frames_per_second=num_frames / watch.median(TOTAL),
        num_clips=len(watch.laps),
        num_frames=num_frames,
        clock=clock,
        image_size=image_size(loader.dataset, clips[0]))


def measure_loader(loader: DataLoader, num_clips: int) -> float:
    """Frames per second of a whole loader whose batches nobody works on.

    The clock starts when the batches that were made ready during the start
    of the workers are used up.

    Args:
        loader (DataLoader): The loader, with any number of workers.
        num_clips (int): Number of clips to time, at least one batch.

    Returns:
        float: Frames per second.
    """
    batch_size = loader.batch_sampler.batch_size
    num_batches = max(num_clips // batch_size, 1)
    num_ignored = loader.num_workers * PREFETCH + 1
    num_frames = 0
    for number, batch in enumerate(endless(loader)):
        if number == num_ignored:
            begin = time.perf_counter()
        if number > num_ignored:
            num_frames += sum(map(len, batch['inputs']))
        if number == num_ignored + num_batches:
            return num_frames / (time.perf_counter() - begin)
    raise AssertionError('an endless loader ended')


def endless(loader: DataLoader):
    """Batches of epoch after epoch.

    Yields:
        dict: A batch.
    """
    epoch = 0
    while True:
        if hasattr(loader.sampler, 'set_epoch'):
            loader.sampler.set_epoch(epoch)
        yield from loader
        epoch += 1


def sampled_clips(loader: DataLoader, num_clips: int) -> list:
    """The first indices that the sampler gives, over epochs if need be."""
    clips: list = []
    epoch = 0
    while len(clips) < num_clips:
        if hasattr(loader.sampler, 'set_epoch'):
            loader.sampler.set_epoch(epoch)
        clips += list(loader.sampler)
        epoch += 1
    return clips[:num_clips]


def clip_length(index: Any) -> int:
    """Number of frames T behind an index of a dataset."""
    return index.num_frames if isinstance(index, ClipIndex) else 1


def image_size(dataset: Dataset, index: Any) -> List[int]:
    """Width and height of the first file of a clip in pixels."""
    read = with_pipelines(dataset, lambda pipeline: LoadClipImages())
    height, width = read[index]['ori_shape'][0]
    return [width, height]


def with_pipelines(dataset: Dataset, make_pipeline: Callable) -> Dataset:
    """A copy of a clip dataset, or of one that holds some, with others.

    Args:
        dataset (Dataset): The dataset, which is left as it is.
        make_pipeline (callable): Makes the new pipeline from the old one.

    Returns:
        Dataset: The copy, which shares the annotations.
    """
    twin = copy.copy(dataset)
    if hasattr(dataset, 'datasets'):
        twin.datasets = [
            with_pipelines(part, make_pipeline) for part in dataset.datasets
        ]
    else:
        twin.pipeline = make_pipeline(dataset.pipeline)
    return twin


def timed_pipeline(pipeline: Compose, watch: Stopwatch) -> Compose:
    """The same transforms, each under the eyes of a stopwatch."""
    return Compose([timed_step(step, watch) for step in pipeline.transforms])


def timed_step(step: Callable, watch: Stopwatch) -> Callable:
    """One transform; of a choice, the transforms of its pipelines."""
    if isinstance(step, LoadClipImages):
        return TimedLoadClipImages(watch)
    if isinstance(step, ClipRandomChoice):
        choice = copy.copy(step)
        choice.pipelines = [
            timed_pipeline(pipeline, watch) for pipeline in step.pipelines
        ]
        return choice
    name = ('pack' if isinstance(step, PackClipInputs) else
            f'augment: {type(step).__name__}')

    def run(results: Any) -> Any:
        if getattr(step, 'needs_pixels', True):
            with watch.stage('augment: resample'):
                results = render_clip(results)
        with watch.stage(name):
            return step(results)

    return run


class TimedLoadClipImages(LoadClipImages):
    """Times reading and decoding on their own."""

    def __init__(self, watch: Stopwatch) -> None:
        self.watch = watch

    def read(self, path: str) -> bytes:
        """Read and time it."""
        with self.watch.stage('read'):
            return super().read(path)

    def decode(self, data: bytes, path: str) -> Any:
        """Decode and time it."""
        with self.watch.stage('decode'):
            return super().decode(data, path)
