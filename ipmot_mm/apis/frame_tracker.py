"""Track live frames, one by one, with a trained model."""
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple, Union

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.structures import InstanceData
from torch import nn

from ipmot_mm.datasets.frame_source import FrameSource
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
            config. Its ``predict`` takes a :obj:`TrackState` as ``state``.

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
        if getattr(frame, 'dtype', None) != np.uint8 or frame.ndim != 3 \
                or frame.shape[2] != 3 or 0 in frame.shape:
            raise ValueError(
                'a frame must be a BGR uint8 array of shape (h, w, 3), got '
                f'{getattr(frame, "dtype", type(frame).__name__)} of shape '
                f'{getattr(frame, "shape", ())}; read it with cv2')
        packed = self.pipeline(self._results(frame))
        if not isinstance(packed, dict) or 'inputs' not in packed:
            raise ValueError(
                'the test pipeline of the config gives no inputs; its last '
                'step must be PackClipInputs')
        with torch.no_grad():
            data = self.model.data_preprocessor(
                dict(
                    inputs=[packed['inputs']],
                    data_samples=[packed['data_samples']]), False)
            samples = self.model(**data, mode='predict', state=self.state)
        self.num_frames += 1
        return samples[0].video_data_samples[0].pred_track_instances.cpu()

    def _results(self, frame: np.ndarray) -> Dict[str, List[Any]]:
        """A clip of one frame, as the loading steps would leave it."""
        shape = frame.shape[:2]
        # The length of a stream is not known: so far it ends here.
        length = self.num_frames + 1
        values = dict(
            EMPTY_OBJECTS,
            img=frame,
            img_path='',
            gt_path='',
            dataset_name='stream',
            video_id=0,
            video_name='stream',
            frame_id=self.num_frames,
            mot_frame_id=length,
            video_length=length,
            ori_video_length=length,
            ori_shape=shape,
            img_shape=shape,
            scale_factor=(1.0, 1.0),
            flip=False,
            flip_direction=None)
        return {key: [value] for key, value in values.items()}


def track_video(
    tracker: FrameTracker, source: Union[str, Path, int, FrameSource]
) -> Iterator[Tuple[np.ndarray, InstanceData]]:
    """Track a whole input, frame by frame.

    Args:
        tracker (FrameTracker): The tracker; it is reset first.
        source (str | Path | int | FrameSource): Video, folder or camera.

    Yields:
        tuple: The frame, BGR, uint8, of shape (h, w, 3), and its tracks as
        :meth:`FrameTracker.update` gives them.
    """
    if not isinstance(source, FrameSource):
        source = FrameSource(source)
    tracker.reset()
    for frame in source:
        yield frame, tracker.update(frame)


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
