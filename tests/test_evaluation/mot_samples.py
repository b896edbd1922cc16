"""Tracks as files and as data samples, and a TrackEval run without us."""
import contextlib
import io
from pathlib import Path
from typing import Dict, List

import numpy as np
import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.structures import InstanceData

from ipmot_mm.evaluation import score_folder


def random_truth(rng: np.random.Generator, num_frames: int,
                 num_objects: int) -> np.ndarray:
    """Walking boxes of all kinds: frame, id, x, y, w, h, conf, class, vis."""
    rows = []
    for i in range(num_objects):
        box = np.r_[rng.uniform(0, 400, 2), rng.uniform(30, 90, 2)]
        label = [1, 1, 1, 7, 6, 3, 8][i % 7]
        for frame in range(1 + i % 4, num_frames + 1):
            box[:2] += rng.normal(0, 3, 2)
            rows.append([frame, i + 1, *box.round(1),
                         float(label == 1 and i % 5 > 0), label, 0.5])
    return np.array(rows)


def corrupt(rng: np.random.Generator, truth: np.ndarray) -> np.ndarray:
    """Results: jittered, some missed, ids swapped, some false positives."""
    kept = truth[rng.random(len(truth)) > 0.2].copy()
    kept[:, 2:6] += rng.normal(0, 4, (len(kept), 4))
    half = kept[:, 0] > truth[:, 0].max() / 2
    kept[half, 1] = kept[half, 1] % 5 + kept[half, 1].max() * (
        kept[half, 1] // 5) + 100
    false = kept[::6].copy()
    false[:, 1] += 5000
    false[:, 2:4] += 150
    rows = np.concatenate([kept, false])[:, :7]
    rows[:, 6] = rng.random(len(rows))
    return rows


def write_rows(path: Path, rows: np.ndarray) -> None:
    """A text file with six decimals."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, rows, fmt='%.6f', delimiter=',')


def write_sequence(root: Path, name: str, truth: np.ndarray,
                   num_frames: int) -> str:
    """``gt.txt`` and ``seqinfo.ini``; returns the path of the first."""
    path = root / name / 'gt' / 'gt.txt'
    write_rows(path, truth)
    (root / name / 'seqinfo.ini').write_text(
        f'[Sequence]\nname={name}\nseqLength={num_frames}\n')
    return str(path)


def track_samples(name: str,
                  rows: np.ndarray,
                  num_frames: int,
                  gt_path: str,
                  *,
                  first_frame: int = 1,
                  dtype: torch.dtype = torch.float64) -> List[TrackDataSample]:
    """What the model hands to the evaluator; ``rows`` as in a result file."""
    samples = []
    for frame_id in range(num_frames):
        tracks = torch.from_numpy(rows[rows[:, 0] == frame_id + 1])
        corners = torch.cat([tracks[:, 2:4], tracks[:, 2:4] + tracks[:, 4:6]],
                            dim=1)
        frame = DetDataSample(metainfo=dict(
            video_name=name,
            frame_id=frame_id,
            mot_frame_id=frame_id + first_frame,
            ori_video_length=num_frames,
            gt_path=gt_path))
        frame.pred_track_instances = InstanceData(
            bboxes=corners.to(dtype),
            scores=tracks[:, 6].to(dtype),
            labels=torch.zeros(len(tracks), dtype=torch.long),
            instances_id=tracks[:, 1].long())
        sample = TrackDataSample()
        sample.video_data_samples = [frame]
        samples.append(sample)
    return samples


def plain_trackeval(folder: Path, benchmark: str) -> Dict[str, dict]:
    """TrackEval as its manual says, on its own layout of folders.

    ``folder`` holds ``gt/<benchmark>-train/<sequence>`` and
    ``trackers/<benchmark>-train/ours/data/<sequence>.txt``.
    """
    import trackeval

    names = [path.name for path in (folder / 'gt').glob('*-train/*')]
    seqmap = folder / 'seqmap.txt'
    seqmap.write_text('\n'.join(['name', *names]) + '\n')
    with contextlib.redirect_stdout(io.StringIO()):
        dataset = trackeval.datasets.MotChallenge2DBox(
            dict(
                GT_FOLDER=str(folder / 'gt'),
                TRACKERS_FOLDER=str(folder / 'trackers'),
                SEQMAP_FILE=str(seqmap),
                BENCHMARK=benchmark))
        evaluator = trackeval.Evaluator(
            dict(PLOT_CURVES=False, LOG_ON_ERROR=None))
        results, _ = evaluator.evaluate([dataset], [
            trackeval.metrics.HOTA(),
            trackeval.metrics.CLEAR(),
            trackeval.metrics.Identity()
        ])
    trackeval._timing.DO_TIMING = False
    return {
        name: value['pedestrian']
        for name, value in results['MotChallenge2DBox']['ours'].items()
    }


def score(folder: Path, **kwargs):
    """The sequence of the fixture of this name."""
    return score_folder(folder / 'tracks', folder / 'gt', **kwargs)
