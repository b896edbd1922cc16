"""One frame of tracking as a function of flat tensors."""
import copy
from dataclasses import fields
from typing import Dict, Tuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from ipmot_mm.apis import FrameTracker
from ipmot_mm.models.mot import IPMOT
from ipmot_mm.models.trackers import QueryTracker
from ipmot_mm.ops.deformable_attention import MultiScaleDeformableAttention
from ipmot_mm.structures import TrackQueries

State = Dict[str, Tensor]
NUM_IDS = 'num_ids'


class FrameGraph(nn.Module):
    """From an image and the tracks of the last frame to those of this one.

    All of :meth:`IPMOT.predict` for one video: normalisation, detector,
    births, misses and deaths, ids and the report. Its work depends on the
    sizes alone, since tracks live in a fixed number of slots; a loop that
    hands the state from call to call is a tracker. At most as many tracks as
    slots are alive: as with ``tracker.max_tracks``, the weakest newborns wait
    where there is no room, and are counted.

    Args:
        model (:obj:`IPMOT`): Is copied; the copy runs on the CPU.
        image_size (tuple[int, int]): Height and width that frames are
            resized to.
        num_slots (int): S.

    Raises:
        ValueError: If the model has no track queries, or a tracker that works
            in another way than :class:`QueryTracker`.
    """

    def __init__(self, model: nn.Module, image_size: Tuple[int, int],
                 num_slots: int) -> None:
        super().__init__()
        _check_model(model)
        self.image_size = image_size
        self.num_slots = num_slots
        self.model = _copy_for_export(model)
        self.tracker = copy.copy(self.model.tracker)
        self.tracker.max_tracks = min(num_slots, self.tracker.max_tracks)

    def forward(self, image: Tensor, frame_size: Tensor,
                state: State) -> Tuple[Dict[str, Tensor], State]:
        """Track one frame.

        Args:
            image (Tensor): BGR as OpenCV reads it, resized, uint8, has shape
                (H, W, 3).
            frame_size (Tensor): Height and width of the frame before it was
                resized, in pixels, int64, has shape (2, ).
            state (dict[str, Tensor]): Of :meth:`empty_state` for the first
                frame of a video, later that of the call before.

        Returns:
            tuple: The report of S slots, and the state of the next frame.
            The report has ``bboxes`` xyxy in pixels of the frame (S, 4),
            ``scores`` (S, ), ``labels`` int64 (S, ), ``ids`` int64, -1 in
            empty slots (S, ), ``is_reported`` bool (S, ), and ``num_waiting``
            int64 (), how many newborns found no slot.
        """
        model = self.model
        memory = model.encode(self.prepare(image), [self.image_size])
        tracks = TrackQueries(
            **{k: v for k, v in state.items() if k != NUM_IDS})
        outputs = model.step(memory, tracks)
        given = outputs, tracks, state[NUM_IDS], self.num_slots
        selection, num_ids, report = self.tracker(*given)
        tracks = model.updater(tracks, outputs, selection)
        bboxes, is_reported = self.tracker.locate(
            report.bboxes, report.scores, report.ids,
            frame_size.flip(0).repeat(2))
        # the tracker of the model would also keep those without a slot
        num_wanted = model.tracker(*given)[2].num_wanted
        per_slot = dict(
            bboxes=bboxes,
            scores=report.scores,
            labels=report.labels,
            ids=report.ids,
            is_reported=is_reported,
            num_waiting=num_wanted - report.num_wanted)
        return ({name: value[0]
                 for name, value in per_slot.items()},
                flatten_state(tracks, num_ids))

    def prepare(self, image: Tensor) -> Tensor:
        """Normalise and pad, as the model's data preprocessor does.

        Args:
            image (Tensor): uint8, has shape (H, W, 3).

        Returns:
            Tensor: Has shape (1, 1, 3, H', W'), padded.
        """
        planes = image.permute(2, 0, 1)[None]
        return self.model.data_preprocessor(
            dict(inputs=[planes], data_samples=None))['inputs']

    @torch.no_grad()
    def empty_state(self) -> State:
        """State of a video that has not begun: zeros in all slots.

        Which fields there are depends on updater and detector, so that one
        frame is tracked to see it.

        Returns:
            dict[str, Tensor]: Fields of :obj:`TrackQueries`, (1, S, ...), and
            ``num_ids``, how many ids were given, int64 (1, ).
        """
        tracks = TrackQueries.empty(
            1, self.model.detector.embed_dims, num_slots=self.num_slots)
        image = torch.zeros(*self.image_size, 3, dtype=torch.uint8)
        _, state = self(image, torch.tensor(self.image_size),
                        flatten_state(tracks, torch.tensor([0])))
        return {name: torch.zeros_like(value)
                for name, value in state.items()}


def flatten_state(tracks: TrackQueries, num_ids: Tensor) -> State:
    """Tensors that cross frames, by name; without fields that are None."""
    state = {
        field.name: getattr(tracks, field.name)
        for field in fields(tracks)
        if getattr(tracks, field.name) is not None
    }
    return {**state, NUM_IDS: num_ids}


def find_image_size(model: nn.Module,
                    frame_size: Tuple[int, int]) -> Tuple[int, int]:
    """What the test pipeline resizes a frame to, if that is all it does.

    Args:
        model (nn.Module): Of :func:`ipmot_mm.apis.init_tracker`.
        frame_size (tuple[int, int]): Height and width in pixels.

    Returns:
        tuple[int, int]: Height and width of the image.

    Raises:
        ValueError: If the pipeline changes the pixels otherwise.
    """
    random = np.random.default_rng(0)
    frame = random.integers(0, 256, (*frame_size, 3), dtype=np.uint8)
    packed = FrameTracker(model).pack([frame])
    image = packed['inputs'][0].permute(1, 2, 0).numpy()
    expected = frame
    if image.shape != frame.shape:
        expected = cv2.resize(
            frame, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    if not np.array_equal(image, expected):
        raise ValueError(
            'the test pipeline of the config does more to a frame than to '
            'resize it (cv2.INTER_LINEAR), which an exported tracker would '
            'not repeat; leave those steps out of it')
    return image.shape[:2]


def _check_model(model: nn.Module) -> None:
    """Whether the graph would do what the model does."""
    if not isinstance(model, IPMOT):
        raise ValueError(
            'only trackers with track queries can be exported (type IPMOT), '
            f'got {type(model).__name__}; of tracking by detection, export '
            'the detector by its own tools and keep the tracker in Python')
    kind = type(model.tracker)
    if not isinstance(model.tracker, QueryTracker) or (
            kind.results is not QueryTracker.results):
        raise ValueError(
            f'tracker {kind.__name__} cannot be exported: it is no '
            'QueryTracker, or reports tracks by a method results of its own, '
            'which runs outside of the graph; override locate instead')


def _copy_for_export(model: IPMOT) -> IPMOT:
    """The model on the CPU, without what training alone needs."""
    model = copy.deepcopy(model).cpu().eval().requires_grad_(False)
    model.track_book = model.clip_loss = model.assigner = None
    model.detector.bbox_head.embed_branches = None
    for module in model.modules():
        if isinstance(module, MultiScaleDeformableAttention):
            module.backend = 'torch'  # kernels of a device have no ONNX form
    return model
