"""Tiny procedural clips for tests and examples."""
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Tuple, Union

import numpy as np

from ipmot_mm.datasets.synthmot import (DOMAINS, Domain, SynthSequence,
                                        render_sequence, write_sequence)
from ipmot_mm.datasets.transforms import PackClipInputs

TINY_SIZE = (96, 64)


def tiny_domain(num_persons: int = 2) -> Domain:
    """A street made easy: no camera motion, no objects, no noise.

    Args:
        num_persons (int): Persons in or around the view. Defaults to 2.

    Returns:
        Domain: The domain, named ``'tiny'``.
    """
    return replace(
        DOMAINS['street'],
        name='tiny',
        num_persons=(num_persons, num_persons),
        standing=0.0,
        pan=0.0,
        zoom=0.0,
        shake=0.0,
        occluders=(0, 0),
        blur=(0.0, 0.0),
        noise=0.0)


def tiny_sequence(num_frames: int = 4,
                  size: Tuple[int, int] = TINY_SIZE,
                  num_persons: int = 2,
                  seed: int = 0) -> SynthSequence:
    """A short clip of a few persons, made in milliseconds.

    Args:
        num_frames (int): Number of frames T. Defaults to 4.
        size (tuple[int]): Image (width, height). Defaults to (96, 64).
        num_persons (int): Persons in or around the view. Defaults to 2.
        seed (int): Same seed, same clip. Defaults to 0.

    Returns:
        SynthSequence: Frames and ground truth.

    >>> tiny_sequence(num_frames=3).frames.shape
    (3, 64, 96, 3)
    """
    return render_sequence(
        tiny_domain(num_persons), seed, num_frames, size)


def tiny_sample(num_frames: int = 4,
                size: Tuple[int, int] = TINY_SIZE,
                num_persons: int = 2,
                seed: int = 0) -> Dict[str, Any]:
    """A clip as a dataset hands it to the model.

    Args:
        num_frames (int): Number of frames T. Defaults to 4.
        size (tuple[int]): Image (width, height). Defaults to (96, 64).
        num_persons (int): Persons in or around the view. Defaults to 2.
        seed (int): Same seed, same clip. Defaults to 0.

    Returns:
        dict: ``inputs``, uint8 BGR tensor of shape (T, 3, h, w), and
        ``data_samples``, a ``TrackDataSample`` of T frames with
        ``gt_instances``; the identity of a person is its id less one.

    >>> tuple(tiny_sample(num_frames=2)['inputs'].shape)
    (2, 3, 64, 96)
    """
    sequence = tiny_sequence(num_frames, size, num_persons, seed)
    frames = [
        _frame_results(sequence, t, size, seed) for t in range(num_frames)
    ]
    return PackClipInputs()(
        {key: [frame[key] for frame in frames]
         for key in frames[0]})


def write_tiny_mot(root: Union[str, Path],
                   num_sequences: int = 2,
                   num_frames: int = 6,
                   size: Tuple[int, int] = TINY_SIZE,
                   num_persons: int = 2) -> Path:
    """Write tiny sequences in MOTChallenge layout.

    Args:
        root (str | Path): Folder that gets ``Tiny-01``, ``Tiny-02``, ...
        num_sequences (int): Number of sequences. Defaults to 2.
        num_frames (int): Frames of each sequence. Defaults to 6.
        size (tuple[int]): Image (width, height). Defaults to (96, 64).
        num_persons (int): Persons in or around the view. Defaults to 2.

    Returns:
        Path: ``root``.
    """
    for number in range(1, num_sequences + 1):
        write_sequence(
            tiny_sequence(num_frames, size, num_persons, seed=number),
            Path(root) / f'Tiny-{number:02d}')
    return Path(root)


def _frame_results(sequence: SynthSequence, t: int, size: Tuple[int, int],
                   seed: int) -> Dict[str, Any]:
    """One frame as the loading steps of a pipeline leave it."""
    rows = sequence.rows[sequence.rows[:, 0] == t + 1]
    bboxes = rows[:, 2:6].astype(np.float32)
    bboxes[:, 2:] += bboxes[:, :2]
    ids = rows[:, 1].astype(np.int64)
    length, shape = len(sequence.frames), (size[1], size[0])
    return dict(
        img=sequence.frames[t],
        img_path=f'tiny/{seed}/img1/{t + 1:06d}.jpg',
        gt_path='',
        dataset_name='tiny',
        video_id=seed,
        video_name=f'Tiny-{seed:02d}',
        frame_id=t,
        mot_frame_id=t + 1,
        video_length=length,
        ori_video_length=length,
        ori_shape=shape,
        img_shape=shape,
        scale_factor=(1.0, 1.0),
        flip=False,
        flip_direction=None,
        gt_bboxes=bboxes,
        gt_bboxes_labels=np.zeros(len(rows), np.int64),
        gt_instances_ids=ids,
        gt_identities=ids - 1,
        gt_visibilities=rows[:, 8].astype(np.float32))
