"""Track live frames with a trained model."""
import inspect
import weakref
from dataclasses import fields
from pathlib import Path
from typing import Any, Dict, List, Sequence, Union

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from torch import Tensor, nn

from ipmot_mm.datasets import LivePipeline
from ipmot_mm.datasets.transforms.load_clip_images import read_image
from ipmot_mm.structures import TrackQueries, TrackState

Frame = Union[np.ndarray, Tensor, str, Path]

# Whose tracks a model holds that keeps them itself, as those of mmdet do.
_HOLDERS: 'weakref.WeakKeyDictionary' = weakref.WeakKeyDictionary()


class FrameTracker:
    """Feeds frames to a model as the test loop would do.

    Frames are prepared by the test pipeline of the model's config, built
    once, without its steps that read files. The state between frames is the
    tracker's own: any number of trackers, one for each stream, share one
    model, frame by frame in any order, also from several threads (one for
    each tracker). A stream may go on for ever: nothing is kept of a frame but
    its tracks.

    Trackers of mmdet (``ByteTrack``, ``OCSORT``, ``DeepSORT``, ``QDTrack``,
    ...) and tracking by detection of this package are taken as well. They
    keep their tracks in the model, which therefore follows one stream at a
    time.

    Args:
        model (nn.Module): Of :func:`init_tracker`, or of mmdet's
            ``init_track_model``; ``model.cfg`` is its config.
        rgb (bool): Whether frames come as RGB, not as BGR. Defaults to False.

    Attributes:
        num_frames (int): Frames since the last :meth:`reset`.
        state (:obj:`TrackState`, optional): Between frames; None where the
            model keeps it.

    Raises:
        ValueError: If the config has no test pipeline.

    Example:
        >>> model = init_tracker(config, checkpoint)  # doctest: +SKIP
        >>> tracker = FrameTracker(model)  # doctest: +SKIP
        >>> tracks = tracker.update(frame)  # doctest: +SKIP
        >>> tracks.instances_id, tracks.bboxes  # doctest: +SKIP
    """

    def __init__(self, model: nn.Module, *, rgb: bool = False) -> None:
        self.model = model
        self.rgb = rgb
        scope = model.cfg.get('default_scope', 'ipmot_mm')
        with DefaultScope.overwrite_default_scope(scope):
            self.pipeline = LivePipeline(steps=find_test_pipeline(model.cfg))
        self.state = TrackState() if _takes_state(model) else None
        self.reset()

    def reset(self) -> None:
        """Start a new video: the next frame begins with no track."""
        if self.state is not None:
            self.state.reset()
        self.num_frames = 0

    def update(self, frame: Frame) -> InstanceData:
        """Track one frame.

        Args:
            frame (np.ndarray | Tensor | str | Path): An array, uint8, of
                shape (h, w, 3); a tensor, uint8, of shape (3, h, w), on any
                device; or an image file.

        Returns:
            InstanceData: On the CPU, for K tracks: ``bboxes`` xyxy in pixels
            of ``frame`` (K, 4), ``scores`` (K,), ``labels`` int64 (K,) and
            ``instances_id`` int64 (K,), never used again for another track;
            from 1 on, those of mmdet's trackers from 0 on.

        Raises:
            ValueError: If the frame is no colour image of 8 bits, or another
                stream has taken over a model of mmdet.
        """
        return self.update_clip([frame])[0]

    def update_clip(self, frames: Sequence[Frame]) -> List[InstanceData]:
        """Track the next frames, of which all are encoded at once.

        Args:
            frames (sequence[np.ndarray | Tensor | str | Path]): As of
                :meth:`update`.

        Returns:
            list[InstanceData]: As of :meth:`update`, of each frame.
        """
        return track_clips([self], [frames])[0]

    def pack(self, frames: Sequence[Frame]) -> Dict[str, Any]:
        """Prepare the next frames for the model.

        Args:
            frames (sequence[np.ndarray | Tensor | str | Path]): As of
                :meth:`update`.

        Returns:
            dict: ``inputs``, uint8, of shape (T, 3, h, w), and
            ``data_samples``.
        """
        first = self.num_frames
        return self.pipeline(
            dict(
                img=[_read(frame, self.rgb) for frame in frames],
                frame_id=list(range(first, first + len(frames)))))

    def state_dict(self) -> Dict[str, Any]:
        """What to save to go on later, in another process.

        Returns:
            dict: Numbers and tensors on the CPU, as ``torch.save`` takes and
            ``torch.load`` reads with ``weights_only=True``.

        Raises:
            ValueError: If the model keeps the tracks.
        """
        self._refuse_without_state()
        tracks = self.state.tracks
        return dict(
            num_frames=self.num_frames,
            is_broken=self.state.is_broken,
            num_ids=None if tracks is None else self.state.num_ids.cpu(),
            tracks=None if tracks is None else {
                field.name: getattr(tracks, field.name).cpu()
                for field in fields(tracks)
                if getattr(tracks, field.name) is not None
            })

    def load_state_dict(self, state: Dict[str, Any]) -> None:
        """Go on with the frame after those of a saved state.

        Args:
            state (dict): Of :meth:`state_dict` of a tracker with the same
                model.

        Raises:
            ValueError: If the model keeps the tracks.
        """
        self._refuse_without_state()
        self.reset()
        self.num_frames = state['num_frames']
        self.state.is_broken = state['is_broken']
        if state['tracks'] is not None:
            device = next(self.model.parameters()).device
            tracks = TrackQueries(**state['tracks'])
            self.state.update(
                tracks.map(lambda value: value.to(device)),
                state['num_ids'].to(device))

    def _refuse_without_state(self) -> None:
        if self.state is None:
            raise ValueError(
                f'{type(self.model).__name__} keeps its tracks itself, they '
                'cannot be saved; run such a tracker in one go')

    def _hold_model(self) -> None:
        """A model that keeps the tracks follows who began a video last."""
        if self.num_frames == 0:
            _HOLDERS[self.model] = weakref.ref(self)
        elif _HOLDERS[self.model]() is not self:
            raise ValueError(
                f'{type(self.model).__name__} keeps its tracks itself, and '
                'another FrameTracker has begun a video with this model; call '
                'reset() to begin anew, or give each stream a model of its '
                'own')


def track_clips(trackers: Sequence[FrameTracker],
                clips: Sequence[Sequence[Frame]]) -> List[List[InstanceData]]:
    """Track the next T frames of N streams in one forward pass.

    The tracks are those of each stream alone, frame by frame.

    Args:
        trackers (sequence[FrameTracker]): N, on one model.
        clips (sequence[sequence[np.ndarray | Tensor | str | Path]]): Of each
            tracker, T frames. All N * T have one size.

    Returns:
        list[list[InstanceData]]: As of :meth:`FrameTracker.update`, of each
        frame of each stream.

    Raises:
        ValueError: If the streams have different models or numbers of frames,
            the frames different sizes, or a model that keeps its tracks gets
            several streams.
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
    model = trackers[0].model
    kwargs = _state_argument(trackers)
    with torch.no_grad():
        data = model.data_preprocessor(
            {key: [each[key] for each in packed]
             for key in ('inputs', 'data_samples')}, False)
        samples = model(**data, mode='predict', **kwargs)
    for tracker in trackers:
        tracker.num_frames += lengths[0]
    return [[
        frame.pred_track_instances.cpu()
        for frame in sample.video_data_samples
    ] for sample in samples]


def _state_argument(trackers: Sequence[FrameTracker]) -> Dict[str, Any]:
    """What the model gets of the streams; nothing if it has its own."""
    states = [tracker.state for tracker in trackers]
    if states[0] is not None:
        return dict(state=states[0] if len(states) == 1 else states)
    if len(states) > 1:
        raise ValueError(
            f'{type(trackers[0].model).__name__} keeps its tracks itself and '
            f'follows one stream at a time, got {len(states)}; track them one '
            'after the other, or with a model each')
    trackers[0]._hold_model()
    return {}


def _takes_state(model: nn.Module) -> bool:
    """Whether a model is told whose tracks to go on with."""
    kind = type(model)
    predict = getattr(kind, 'predict', None) or kind.forward
    return 'state' in inspect.signature(predict).parameters


def _read(frame: Frame, rgb: bool) -> np.ndarray:
    """A frame as BGR uint8 array of shape (h, w, 3)."""
    if isinstance(frame, (str, Path)):
        return read_image(str(frame))
    shape, dtype = _describe(frame)
    axis = 0 if isinstance(frame, Tensor) else -1
    if dtype != 'uint8' or len(shape) != 3 or shape[axis] != 3 or 0 in shape:
        raise ValueError(
            'a frame must be a uint8 array of shape (h, w, 3), a uint8 tensor '
            f'of shape (3, h, w) or an image file, got {type(frame).__name__} '
            f'{dtype or ""} of shape {shape}; cv2 reads such arrays')
    if isinstance(frame, Tensor):
        frame = frame.permute(1, 2, 0).cpu().numpy()
    return np.ascontiguousarray(frame[..., ::-1] if rgb else frame)


def _describe(frame: Any) -> tuple:
    """Shape and name of the dtype, as far as there are any."""
    dtype = str(getattr(frame, 'dtype', '')).split('.')[-1]
    return tuple(getattr(frame, 'shape', ())), dtype


def find_test_dataset(cfg: Config) -> Dict[str, Any]:
    """Config of the test data set.

    Args:
        cfg (Config): Of a tracker.

    Returns:
        dict: The first of several data sets; empty if there is none.
    """
    dataset: dict = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    while dataset.get('datasets'):
        dataset = dataset['datasets'][0]
    return dataset


def find_test_pipeline(cfg: Config) -> List[Any]:
    """Steps of the test pipeline.

    Args:
        cfg (Config): Of a tracker.

    Returns:
        list: Of :func:`find_test_dataset`, or ``test_pipeline``.

    Raises:
        ValueError: If there is none, or it is one of mmtrack.
    """
    steps = find_test_dataset(cfg).get('pipeline') or cfg.get('test_pipeline')
    if not steps:
        raise ValueError(
            f'config {cfg.filename!r} has no test pipeline; it is read from '
            'test_dataloader.dataset.pipeline, or from test_pipeline')
    if 'FromMMTrackSample' in str(steps[-1]):
        raise ValueError(
            f'config {cfg.filename!r} has a test pipeline of mmtrack, which '
            'takes frames of its data sets alone; give the weights to a '
            'config of the same model in the scope ipmot_mm')
    return list(steps)
