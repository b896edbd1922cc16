"""One frame at test time: ours, the plain detector, and MeMOTR's loop."""
import copy
from contextlib import nullcontext
from typing import Any, Callable, ContextManager, Dict, List, Optional, Tuple

import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.config import Config
from torch import Tensor, nn

from ipmot_mm.registry import MODELS
from ipmot_mm.structures import TrackQueries, TrackState

from .memotr_loop import MeMOTRLoop
from .model_sections import count_sections

SEED = 0
ORI_SHAPE = (1080, 1920)
TOLERANCE = 1e-3
"""Relative difference of boxes and scores between two ways to the same."""


class FrameBench:
    """Frames of noise, live tracks, and ways to follow them.

    The weights are random. All tracks are seen in every frame, none is born
    or dies, and all of them are reported: their number is what is asked for.
    Inputs are normalised and on the device; reading files is not part of it.

    Args:
        cfg (Config): With ``model``. Nothing is downloaded.
        size (tuple[int, int]): Width and height of the frames.
        frame_mode (str): As of the model. Defaults to ``'eager'``.
        amp (str, optional): ``'bfloat16'`` or ``'float16'`` for autocast.
            Defaults to None.

    Raises:
        ValueError: If the config has no model.
    """

    def __init__(self,
                 cfg: Config,
                 size: Tuple[int, int],
                 frame_mode: str = 'eager',
                 amp: Optional[str] = None) -> None:
        self.device = torch.device(
            'cuda' if torch.cuda.is_available() else 'cpu')
        self.size = size
        self.amp = amp
        self.model = build_model(
            cfg, frame_mode=frame_mode).to(self.device).eval()
        self._live: Dict[int, TrackQueries] = {}

    def precision(self) -> ContextManager:
        """Autocast as asked for."""
        if self.amp is None:
            return nullcontext()
        return torch.autocast(self.device.type, getattr(torch, self.amp))

    def images(self, num_videos: int = 1, num_frames: int = 1) -> Tensor:
        """Normalised frames, has shape (N, T, 3, H, W)."""
        width, height = self.size
        random = torch.Generator().manual_seed(SEED)
        return torch.randn(
            num_videos, num_frames, 3, height, width,
            generator=random).to(self.device)

    def samples(self,
                num_videos: int = 1,
                num_frames: int = 1) -> List[TrackDataSample]:
        """What goes with :meth:`images`: frames in the middle of a video."""
        width, height = self.size
        found = []
        for _ in range(num_videos):
            clip = TrackDataSample()
            clip.video_data_samples = [
                DetDataSample(
                    metainfo=dict(
                        img_shape=(height, width),
                        ori_shape=ORI_SHAPE,
                        frame_id=1 + t)) for t in range(num_frames)
            ]
            found.append(clip)
        return found

    @torch.no_grad()
    def live_tracks(self, num_tracks: int) -> TrackQueries:
        """Tracks that were born in frames of noise.

        Args:
            num_tracks (int): How many.

        Returns:
            :obj:`TrackQueries`: N = 1, all valid, with ids from 1.
        """
        self.keep_all()
        if num_tracks not in self._live:
            self.model.tracker.newborn_score_thr = -1.0
            memory = self.model.encode(self.images(), [self.size[::-1]])
            loop = MeMOTRLoop(self.model)
            while loop.num_ids < max(num_tracks, 1):
                loop.follow(memory.frame(0, 1), ORI_SHAPE)
            self._live[num_tracks] = loop.tracks[:num_tracks]
            self.keep_all()
        return self._live[num_tracks]

    def keep_all(self) -> None:
        """Let no track begin, miss a frame or go unreported."""
        tracker = self.model.tracker
        tracker.newborn_score_thr = 2.0
        tracker.track_score_thr = -1.0
        tracker.output_score_thr = -1.0
        tracker.min_area = -1.0

    def _num_slots(self, num_tracks: int) -> int:
        """As many as the tracker takes for a video with so many tracks."""
        tracker = self.model.tracker
        return tracker.num_slots(num_tracks, tracker.min_slots)

    # ------------------------------------------------------ what is compared

    def ours(self,
             num_tracks: int,
             num_videos: int = 1,
             num_frames: int = 1) -> Callable[[], List[TrackDataSample]]:
        """Follow N videos for T frames by :meth:`IPMOT.predict`."""
        tracks = self.live_tracks(num_tracks)
        tracks = tracks.resize(self._num_slots(num_tracks))
        num_ids = torch.tensor([num_tracks], device=self.device)
        states = [TrackState() for _ in range(num_videos)]
        images = self.images(num_videos, num_frames)
        samples = self.samples(num_videos, num_frames)

        @torch.no_grad()
        def follow() -> List[TrackDataSample]:
            for state in states:
                state.update(tracks, num_ids)
            with self.precision():
                return self.model.predict(images, samples, states)

        return follow

    def detector(self) -> Callable[[], Tensor]:
        """The plain detector in the same mode; boxes go to the host."""
        plain, runner = PlainDetector(self.model), self.model.frame_runner
        height, width = ORI_SHAPE
        images, shapes = self.images(), (self.size[::-1], )
        tracks = TrackQueries.empty(1, self.model.detector.embed_dims,
                                    self.device)
        size = torch.tensor([width, height] * 2, device=self.device)

        @torch.no_grad()
        def detect() -> Tensor:
            with self.precision(), runner.lock:
                return runner(plain.detect, images, shapes, tracks, size).cpu()

        return detect

    def memotr(self, num_tracks: int) -> Callable[[], List[List[float]]]:
        """One frame by the loop in the style of MeMOTR."""
        tracks, images = self.live_tracks(num_tracks), self.images()
        loop = MeMOTRLoop(self.model)

        def follow() -> List[List[float]]:
            loop.reset(tracks, num_tracks)
            with self.precision():
                return loop.frame(images, self.size[::-1], ORI_SHAPE)

        return follow

    def stages(self, num_tracks: int) -> Dict[str, Callable[[], Any]]:
        """``encode`` and ``step`` (decoder and deduplication) by themselves;
        the rest of a frame is tracker, updater and the copy of the report."""
        images, shapes = self.images(), [self.size[::-1]]
        tracks = self.live_tracks(num_tracks)
        tracks = tracks.resize(self._num_slots(num_tracks))
        with torch.no_grad(), self.precision():
            memory = self.model.encode(images, shapes)

        @torch.no_grad()
        def encode() -> None:
            with self.precision():
                self.model.encode(images, shapes)

        @torch.no_grad()
        def step() -> None:
            with self.precision():
                self.model.step(memory.frame(0, 1), tracks)

        return dict(encode=encode, step=step)

    # ---------------------------------------------------------------- checks

    def counts(self, call: Callable[[], Any]) -> Dict[str, Dict[str, int]]:
        """Kernels, syncs and uploads; see :func:`count_sections`."""
        call()  # what is kept from frame to frame is there
        return count_sections(self.model, call, self.device.type)

    def difference(self, num_tracks: int) -> float:
        """Largest relative difference of our tracks and those of the loop.

        Args:
            num_tracks (int): Live tracks.

        Returns:
            float: Of boxes, over the size of the frame, and scores.

        Raises:
            RuntimeError: If ids or labels differ, or in float32 the numbers.
        """
        frame, = self.ours(num_tracks)()[0].video_data_samples
        found = frame.pred_track_instances
        ours = torch.cat([
            found.instances_id[:, None], found.bboxes / max(ORI_SHAPE),
            found.scores[:, None], found.labels[:, None]
        ], 1).double().cpu()
        theirs = torch.tensor(
            self.memotr(num_tracks)(), dtype=torch.double).reshape(-1, 7)
        theirs[:, 1:5] /= max(ORI_SHAPE)
        ours, theirs = (rows[rows[:, 0].argsort()] for rows in (ours, theirs))
        same = len(ours) == len(theirs) == num_tracks and torch.equal(
            ours[:, (0, 6)], theirs[:, (0, 6)])
        gap = float((ours - theirs).abs().max()) if same and num_tracks else 0
        if not same or (self.amp is None and gap > TOLERANCE):
            raise RuntimeError(
                f'{num_tracks} tracks: our frame and that in the style of '
                f'MeMOTR differ, {len(ours)} and {len(theirs)} tracks, by '
                f'{gap:.2g}; a timing would compare different work.')
        return gap


class PlainDetector(nn.Module):
    """The detector of a model, as it would be without tracking.

    Args:
        model (:obj:`IPMOT`): Whose network and weights it shares.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def detect(self, images: Tensor, img_shapes: Tuple[Tuple[int, int], ...],
               tracks: TrackQueries, size: Tensor) -> Tensor:
        """Detect in one frame.

        Args:
            images (Tensor): Normalised, has shape (1, 1, 3, H, W).
            img_shapes (tuple[tuple[int, int]]): Height and width.
            tracks (:obj:`TrackQueries`): None of them, N = 1.
            size (Tensor): (width, height, width, height) of the original.

        Returns:
            Tensor: xyxy in original pixels, score and label of every detect
            query, has shape (1, Qd, 6).
        """
        memory = self.model.encode(images, img_shapes)
        outputs = self.model.detector.decode(memory.frame(0, 1), tracks)
        bboxes = bbox_cxcywh_to_xyxy(outputs.bboxes[-1].float()) * size
        return torch.cat(
            [bboxes, outputs.cls_scores[..., None], outputs.labels[..., None]],
            -1)


def build_model(cfg: Config, **changes: Any) -> nn.Module:
    """The model of a config with random weights and without a TrackBook.

    Args:
        cfg (Config): A whole config.
        changes: Arguments of the model to replace.

    Returns:
        :obj:`IPMOT`: On the CPU; the same weights at every call.

    Raises:
        ValueError: If the config has no model.
    """
    if not cfg.get('model'):
        raise ValueError('The config has no model. Take a config of an '
                         'experiment, not one of a data set.')
    model_cfg = copy.deepcopy(cfg.model)
    model_cfg.detector.backbone.init_cfg = None
    model_cfg.track_book = None
    model_cfg.update(changes)
    torch.manual_seed(SEED)
    model = MODELS.build(model_cfg)
    model.init_weights()
    return model
