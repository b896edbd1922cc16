"""Track a video and keep the embeddings of its tracks."""
from itertools import islice
from pathlib import Path
from typing import Iterator, List, Optional, Tuple, Union

from mmengine.structures import InstanceData
from numpy import ndarray
from torch import nn

from ipmot_mm.apis import FrameTracker
from ipmot_mm.datasets.frame_source import FrameSource
from ipmot_mm.datasets.mot_text import MOTAnnotations
from ipmot_mm.evaluation.scored_sequence import read_pedestrians
from ipmot_mm.visualization.embedding_recorder import EmbeddingRecorder
from ipmot_mm.visualization.embedding_table import (EmbeddingTable,
                                                    rows_of_frame)


def find_truth(source: Union[str, Path]) -> Optional[Path]:
    """Ground truth of a sequence folder of MOTChallenge.

    Args:
        source (str | Path): The sequence, or another input.

    Returns:
        Path, optional: ``gt/gt.txt``; None where there is none, or nothing
        in it.
    """
    path = Path(source) / 'gt' / 'gt.txt'
    return path if path.is_file() and path.stat().st_size else None


def collect_embeddings(model: nn.Module,
                       source: Union[str, Path],
                       *,
                       kind: str = 'output',
                       num_frames: Optional[int] = None) -> EmbeddingTable:
    """Track a video and keep what its track queries become (O_tck).

    Args:
        model (nn.Module): Of :func:`~ipmot_mm.apis.init_tracker`.
        source (str | Path): Sequence folder of MOTChallenge, whose
            ``gt/gt.txt`` says who is who; or a video, or a folder of images.
        kind (str): One of ``EMBEDDING_KINDS``. Defaults to ``'output'``.
        num_frames (int, optional): The first ones only; the paper's Figure 3
            takes 50. Defaults to None, for all.

    Returns:
        :obj:`EmbeddingTable`: Of all tracks of all frames, births left out.

    Raises:
        ValueError: If nothing was tracked for two frames.
    """
    path = find_truth(source)
    truth = None if path is None else read_pedestrians(path)
    tables: List[EmbeddingTable] = []
    with EmbeddingRecorder(model, kind=kind):
        for number, tracks in enumerate(
                _track(model, source, num_frames)):
            tables.append(
                rows_of_frame(tracks, number, *_truth_of(truth, number)))
    table = EmbeddingTable.cat(tables)
    if not len(table):
        raise ValueError(
            f'{source}: none of {len(tables)} frames has a track that was '
            'there before, so that there is nothing to draw; check the '
            'checkpoint, or take more frames')
    return table


def _track(model: nn.Module, source: Union[str, Path],
           num_frames: Optional[int]) -> Iterator[InstanceData]:
    tracker = FrameTracker(model)
    for frame in islice(FrameSource(source), num_frames):
        yield tracker.update(frame)


def _truth_of(truth: Optional[MOTAnnotations],
              frame: int) -> Tuple[Optional[ndarray], Optional[ndarray]]:
    """Boxes and ids of a frame, counted from 0."""
    if truth is None:
        return None, None
    here = truth[truth.frame_numbers == frame + 1]
    return here.bboxes, here.instance_ids
