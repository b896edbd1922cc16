"""Track frames at test time: one transfer to the host in each."""
from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Sequence, Tuple, Union

import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.logging import print_log
from torch import Tensor

from ipmot_mm.structures import (FrameMemory, FrameReport, QueryOutputs,
                                 TrackQueries, TrackState)

if TYPE_CHECKING:
    from .ipmot import IPMOT

States = Union[None, TrackState, Sequence[TrackState]]


@dataclass(frozen=True)
class FrameStep:
    """What becomes of one frame of N videos, all of it on the device.

    Attributes:
        entered (:obj:`TrackQueries`): Tracks that entered the frame. Those
            that the step was called with may be results of the call before,
            which a recorded step overwrites; these it does not.
        ids_before (Tensor): Ids given before it, int64, has shape (N, ).
        outputs (:obj:`QueryOutputs`): Of the detector.
        tracks (:obj:`TrackQueries`): That enter the next frame.
        num_ids (Tensor): Ids given since, int64, has shape (N, ).
        report (Tensor): A packed :obj:`FrameReport`, has shape
            (N, 9 * S + 4).
    """
    entered: TrackQueries
    ids_before: Tensor
    outputs: QueryOutputs
    tracks: TrackQueries
    num_ids: Tensor
    report: Tensor


def frame_step(model: 'IPMOT', memory: FrameMemory, tracks: TrackQueries,
               num_ids: Tensor) -> FrameStep:
    """All that a frame asks of the device once it is encoded.

    A function of tensors: it waits for nothing, writes to nothing that it was
    given, and its work depends on the sizes of its inputs alone, not on what
    is in them. As many tracks as slots can leave the frame.

    Args:
        model (:obj:`IPMOT`): In evaluation mode.
        memory (:obj:`FrameMemory`): Of N frames, one of each video.
        tracks (:obj:`TrackQueries`): That enter the frame, in S slots.
        num_ids (Tensor): Ids given so far, int64, has shape (N, ).

    Returns:
        FrameStep: With tracks in S slots.
    """
    outputs = model.step(memory, tracks)
    return select_tracks(model, outputs, tracks, num_ids, len(tracks))


def select_tracks(model: 'IPMOT', outputs: QueryOutputs, tracks: TrackQueries,
                  num_ids: Tensor, num_slots: int) -> FrameStep:
    """The part of :func:`frame_step` behind the detector.

    Args:
        model (:obj:`IPMOT`): With tracker and updater.
        outputs (:obj:`QueryOutputs`): Of the frame.
        tracks (:obj:`TrackQueries`): As of :func:`frame_step`.
        num_ids (Tensor): Likewise.
        num_slots (int): S of the result.

    Returns:
        FrameStep: With tracks in S slots.
    """
    selection, ids_now, report = model.tracker(outputs, tracks, num_ids,
                                               num_slots)
    return FrameStep(
        entered=tracks,
        ids_before=num_ids,
        outputs=outputs,
        tracks=model.updater(tracks, outputs, selection),
        num_ids=ids_now,
        report=report.pack())


def to_host(report: Tensor) -> Tensor:
    """Bring the report of a frame to the host: its only wait."""
    return report.cpu()


def track_batch(model: 'IPMOT', inputs: Tensor,
                data_samples: Sequence[TrackDataSample],
                states: States) -> None:
    """Track the next T frames of N videos.

    All N * T frames are encoded at once, then each frame of all videos is
    decoded at once; the tracks are those of one video and frame by frame.

    Args:
        model (:obj:`IPMOT`): In evaluation mode.
        inputs (Tensor): Normalised, has shape (N, T, 3, H, W).
        data_samples (sequence[:obj:`TrackDataSample`]): N samples of T
            frames, which get ``pred_track_instances``.
        states (:obj:`TrackState` | sequence[:obj:`TrackState`], optional):
            Of the videos. None takes that of the model, for one video.
    """
    states = _states_of_batch(model, states, len(inputs))
    clips = [sample.video_data_samples for sample in data_samples]
    img_shapes = [frame.img_shape for clip in clips for frame in clip]
    _check_sizes(img_shapes)
    runner = model.frame_runner
    with runner.lock:
        memory = runner(model.encode, inputs,
                        tuple(tuple(shape) for shape in img_shapes))
        num_frames = inputs.size(1)
        for t, frames in enumerate(zip(*clips)):
            _track_frame(model, memory.frame(t, num_frames), frames, states)
        for state in states:
            state.update(runner.keep(state.tracks), runner.keep(state.num_ids))


def _track_frame(model: 'IPMOT', memory: FrameMemory,
                 frames: Sequence[DetDataSample],
                 states: Sequence[TrackState]) -> None:
    """One frame of each video."""
    device = memory.features.device
    for frame, state in zip(frames, states):
        if frame.frame_id == 0 or state.tracks is None:
            state.reset(
                TrackQueries.empty(1, model.detector.embed_dims, device,
                                   model.tracker.min_slots))
    tracks = TrackQueries.batch([state.tracks for state in states])
    num_ids = states[0].num_ids
    if len(states) > 1:
        num_ids = torch.cat([state.num_ids for state in states])
    done = model.frame_runner(model.frame_step, memory, tracks, num_ids)
    report = FrameReport.unpack(to_host(done.report))
    num_wanted = int(report.num_wanted.max())
    num_slots = model.tracker.num_slots(num_wanted, len(tracks))
    if num_wanted > len(tracks):
        # More tracks than slots: the part behind the detector once more, on
        # a copy of the outputs that has not kept what it computed before
        done = select_tracks(model, done.outputs.replace(), done.entered,
                             done.ids_before, num_slots)
        report = FrameReport.unpack(to_host(done.report))
    tracks = done.tracks.resize(num_slots)
    for index, (frame, state) in enumerate(zip(frames, states)):
        frame.pred_track_instances = model.tracker.results(
            report, index, frame.ori_shape[:2])
        if not (len(frame.pred_track_instances) or state.is_broken):
            state.is_broken = _warn_if_broken(
                bool(report.sums[index].isfinite().all()), frame)
        state.update(tracks.sample(index), done.num_ids[index:index + 1])


def _warn_if_broken(is_finite: bool, frame: DetDataSample) -> bool:
    """Whether a frame is empty for another reason than its content."""
    if not is_finite:
        print_log(
            f'{frame.get("img_path") or "a frame"}: no track can be reported, '
            'the predictions are not finite (NaN or infinity); the weights '
            'are damaged, or overflow in half precision. Further frames of '
            'this video are not named.',
            logger='current',
            level=30)
    return not is_finite


def _states_of_batch(model: 'IPMOT', states: States,
                     batch_size: int) -> List[TrackState]:
    """One state for each video."""
    if states is None:
        if batch_size != 1:
            raise ValueError(
                'IPMOT tracks one video at a time; set '
                'test_dataloader.batch_size = 1 and val_dataloader.batch_size '
                f'= 1, got a batch of {batch_size}. To encode several frames '
                'at once, set test_dataloader.sampler.num_frames; for several '
                'videos, pass a TrackState for each as state.')
        return [model.track_state]
    states = [states] if isinstance(states, TrackState) else list(states)
    if len(states) != batch_size or len(set(map(id, states))) != batch_size:
        raise ValueError(
            f'a batch of {batch_size} videos needs as many states, got '
            f'{len(set(map(id, states)))}; pass a TrackState for each video '
            'as state.')
    return states


def _check_sizes(img_shapes: Sequence[Tuple[int, int]]) -> None:
    """Frames of one forward pass have one size, else padding would change
    what is tracked."""
    sizes = sorted({tuple(shape) for shape in img_shapes})
    if len(sizes) > 1:
        raise ValueError(
            'frames that are tracked together must have one size, got '
            f'(height, width) {", ".join(map(str, sizes))}; track videos of '
            'each size on their own, and a video that changes its size frame '
            'by frame.')
