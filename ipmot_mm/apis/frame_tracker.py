"""Track live frames with a trained model."""
from typing import Any, Dict, List, Sequence

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.structures import InstanceData
from torch import nn

from ipmot_mm.registry import TRANSFORMS
from ipmot_mm.structures import TrackState

# What a dataset would give for a frame without annotations.
EMPTY_OBJECTS = dict(
    gt_bboxes=np.zeros((0, 4), np.float32),
    gt_bboxes_labels=np.zeros(0, np.int64),
    gt_instances_ids=np.zeros(0, np.int64),
    gt_identities=np.zeros(0, np.int64),
    gt_visibilities=np.zeros(0, np.float32))


class FrameTracker:
    """Feeds frames to a model as the test loop would do.

    Frames are prepared by the test pipeline of the model's config, built
    once, without its steps that read files (type names that begin with
    ``Load``, in whatever scope). The state between frames is the tracker's
    own: any number of trackers, one for each stream, share one model, frame
    by frame in any order, also from several threads (one for each tracker).
    A stream may go on for ever: nothing is kept of a frame but its tracks.

    Args:
        model (nn.Module): Of :func:`init_tracker`; ``model.cfg`` is its
            config. Its ``predict`` takes a :obj:`TrackState` as ``state``,
            or for several streams at once a list of them.

    Raises:
        ValueError: If the config has no test pipeline.

    Example:
        >>> model = init_tracker(config, checkpoint)  # doctest: +SKIP
        >>> tracker = FrameTracker(model)  # doctest: +SKIP
        >>> tracks = tracker.update(frame)  # doctest: +SKIP
        >>> tracks.instances_id, tracks.bboxes  # doctest: +SKIP
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.pipeline = Compose([
            TRANSFORMS.build(step) if isinstance(step, dict) else step
            for step in _test_pipeline(model.cfg)
            if not _type_name(step).startswith('Load')
        ])
        self.state = TrackState()
        self.reset()

    def reset(self) -> None:
        """Start a new video: the next frame begins with no track."""
        self.state.reset()
        self.num_frames = 0

    def update(self, frame: np.ndarray) -> InstanceData:
        """Track one frame.

        Args:
            frame (np.ndarray): BGR, uint8, has shape (h, w, 3).

        Returns:
            InstanceData: On the CPU, for K tracks: ``bboxes`` xyxy in pixels
            of ``frame`` (K, 4), ``scores`` (K,), ``labels`` int64 (K,) and
            ``instances_id`` int64 (K,), 1-based and never used again.

        Raises:
            ValueError: If the frame is no colour image of 8 bits.
        """
        return self.update_clip([frame])[0]

    def update_clip(self, frames: Sequence[np.ndarray]) -> List[InstanceData]:
        """Track the next frames, of which all are encoded at once.

        Args:
            frames (sequence[np.ndarray]): As of :meth:`update`.

        Returns:
            list[InstanceData]: As of :meth:`update`, of each frame.
        """
        return track_clips([self], [frames])[0]

    def pack(self, frames: Sequence[np.ndarray]) -> Dict[str, Any]:
        """Prepare the next frames for the model.

        Args:
            frames (sequence[np.ndarray]): As of :meth:`update`.

        Returns:
            dict: ``inputs``, uint8, of shape (T, 3, h, w), and
            ``data_samples``.
        """
        results = [
            self._results(frame, number)
            for number, frame in enumerate(frames, self.num_frames)
        ]
        packed = self.pipeline(
            {key: [each[key] for each in results]
             for key in results[0]})
        if not isinstance(packed, dict) or 'inputs' not in packed:
            raise ValueError(
                'the test pipeline of the config gives no inputs; its last '
                'step must be PackClipInputs')
        return packed

    def _results(self, frame: np.ndarray, number: int) -> Dict[str, Any]:
        """One frame, as the loading steps would leave it."""
        if getattr(frame, 'dtype', None) != np.uint8 or frame.ndim != 3 \
                or frame.shape[2] != 3 or 0 in frame.shape:
            raise ValueError(
                'a frame must be a BGR uint8 array of shape (h, w, 3), got '
                f'{getattr(frame, "dtype", type(frame).__name__)} of shape '
                f'{getattr(frame, "shape", ())}; read it with cv2')
        shape = frame.shape[:2]
        # The length of a stream is not known: so far it ends here.
        length = number + 1
        return dict(
            EMPTY_OBJECTS,
            img=frame,
            img_path='',
            gt_path='',
            dataset_name='stream',
            video_id=0,
            video_name='stream',
            frame_id=number,
            mot_frame_id=length,
            video_length=length,
            ori_video_length=length,
            ori_shape=shape,
            img_shape=shape,
            scale_factor=(1.0, 1.0),
            flip=False,
            flip_direction=None)


def track_clips(
        trackers: Sequence[FrameTracker],
        clips: Sequence[Sequence[np.ndarray]]) -> List[List[InstanceData]]:
    """Track the next T frames of N streams in one forward pass.

    The tracks are those of each stream alone, frame by frame.

    Args:
        trackers (sequence[FrameTracker]): N, on one model.
        clips (sequence[sequence[np.ndarray]]): Of each tracker, T frames. All
            N * T have one size.

    Returns:
        list[list[InstanceData]]: As of :meth:`FrameTracker.update`, of each
        frame of each stream.

    Raises:
        ValueError: If the streams have different models or numbers of frames,
            or the frames different sizes.
    """
    lengths = [len(clip) for clip in clips]
    models = {id(tracker.model) for tracker in trackers}
    if len(trackers) != len(clips) or len(models) > 1 or (
            len({0, *lengths}) != 2):
        raise ValueError(
            'streams that are tracked together need one model and a clip of '
            f'the same length each, got {len(models)} models, {len(trackers)} '
            f'trackers and clips of {lengths} frames.')
    packed = [tracker.pack(clip) for tracker, clip in zip(trackers, clips)]
    states = [tracker.state for tracker in trackers]
    model = trackers[0].model
    with torch.no_grad():
        data = model.data_preprocessor(
            {key: [each[key] for each in packed]
             for key in ('inputs', 'data_samples')}, False)
        samples = model(
            **data,
            mode='predict',
            state=states[0] if len(states) == 1 else states)
    for tracker in trackers:
        tracker.num_frames += lengths[0]
    return [[
        frame.pred_track_instances.cpu()
        for frame in sample.video_data_samples
    ] for sample in samples]


def _test_pipeline(cfg: Config) -> List[Any]:
    """Steps of the test pipeline; of the first of several data sets."""
    dataset = cfg.get('test_dataloader', {}).get('dataset', {})
    while dataset.get('datasets'):
        dataset = dataset['datasets'][0]
    steps = dataset.get('pipeline') or cfg.get('test_pipeline')
    if not steps:
        raise ValueError(
            f'config {cfg.filename!r} has no test pipeline; it is read from '
            'test_dataloader.dataset.pipeline, or from test_pipeline')
    return list(steps)


def _type_name(step: Any) -> str:
    """Class name of a transform, without its scope."""
    kind = step['type'] if isinstance(step, dict) else type(step)
    name = kind if isinstance(kind, str) else kind.__name__
    return name.split('.')[-1]
