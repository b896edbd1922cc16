"""Panels of trackers for one video: from results, models, ground truth."""
import tempfile
from pathlib import Path
from typing import Optional, Union

import numpy as np
from numpy import ndarray
from torch import nn

from ipmot_mm.apis import FrameTracker, track_video
from ipmot_mm.datasets.mot_text import read_mot_table
from ipmot_mm.datasets.sequence import MOTSequence
from ipmot_mm.evaluation import ScoredSequence, find_errors, write_mot_results
from ipmot_mm.evaluation.scored_sequence import read_pedestrians
from ipmot_mm.visualization.side_by_side import TrackPanel


def truth_panel(sequence: MOTSequence,
                title: str = 'ground truth') -> TrackPanel:
    """The pedestrians that count.

    Args:
        sequence (:obj:`MOTSequence`): With ground truth.
        title (str): Defaults to ``'ground truth'``.

    Returns:
        :obj:`TrackPanel`: Without switches.
    """
    truth = read_pedestrians(sequence.gt_path)
    bboxes = truth.bboxes.astype(np.float64)
    bboxes[:, 2:] -= bboxes[:, :2]
    return TrackPanel(
        title,
        np.column_stack([truth.frame_numbers, truth.instance_ids, bboxes]))


def result_panel(sequence: MOTSequence,
                 result_dir: Union[str, Path],
                 title: str,
                 benchmark: str = 'MOT17') -> TrackPanel:
    """The tracks of a result file.

    Args:
        sequence (:obj:`MOTSequence`): The video.
        result_dir (str | Path): Holds ``<name>.txt``.
        title (str): Of the panel.
        benchmark (str): Which boxes count for a switch, see
            :func:`~ipmot_mm.evaluation.find_errors`. Defaults to 'MOT17'.

    Returns:
        :obj:`TrackPanel`: With switches where there is ground truth.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is malformed.
    """
    path = Path(result_dir) / f'{sequence.name}.txt'
    if not path.is_file():
        raise FileNotFoundError(
            f'{title}: {path} is missing; give the folder with a text file '
            'for each sequence, which TrackEvalMetric writes by its '
            'outfile_prefix')
    rows = read_mot_table(str(path), allow_empty=True).values[:, :6]
    return TrackPanel(title, rows,
                      _switches(sequence, result_dir, benchmark))


def model_panel(sequence: MOTSequence,
                model: nn.Module,
                title: str,
                benchmark: str = 'MOT17',
                num_frames: Optional[int] = None) -> TrackPanel:
    """Track the video.

    Args:
        sequence (:obj:`MOTSequence`): The video.
        model (nn.Module): Of :func:`~ipmot_mm.apis.init_tracker`.
        title (str): Of the panel.
        benchmark (str): See :func:`result_panel`.
        num_frames (int, optional): The first ones only. Defaults to None,
            for all.

    Returns:
        :obj:`TrackPanel`: With switches where there is ground truth.
    """
    parts = [np.zeros((0, 7))]
    frames = track_video(FrameTracker(model), sequence.image_dir)
    for number, (_, tracks) in enumerate(frames, 1):
        bboxes = tracks.bboxes.numpy().astype(np.float64)
        bboxes[:, 2:] -= bboxes[:, :2]
        parts.append(
            np.column_stack([
                np.full(len(bboxes), number),
                tracks.instances_id.numpy(), bboxes,
                tracks.scores.numpy()
            ]))
        if number == num_frames:
            break
    with tempfile.TemporaryDirectory() as folder:
        write_mot_results(
            Path(folder) / f'{sequence.name}.txt', np.concatenate(parts))
        return result_panel(sequence, folder, title, benchmark)


def _switches(sequence: MOTSequence, result_dir: Union[str, Path],
              benchmark: str) -> Optional[ndarray]:
    """Frame from 1 on, id now and before; None without ground truth."""
    if not sequence.gt_path:
        return None
    errors = find_errors(
        ScoredSequence(sequence.name, sequence.gt_path, len(sequence)),
        result_dir,
        benchmark=benchmark)
    switches = errors.switches[:, [0, 1, 7]].astype(np.int64)
    return switches + np.array([1, 0, 0])
