"""IP-MOT: the wiring of detector, updater, assigner, tracker and losses."""
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import torch
from mmdet.models.mot import BaseMOTModel
from mmdet.structures import TrackDataSample
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor

from ipmot_mm.registry import MODELS, TASK_UTILS
from ipmot_mm.structures import (NO_IDENTITY, FrameMemory, FrameTargets,
                                 QueryOutputs, TargetBatch, TrackQueries,
                                 TrackState)

from ..losses import ClipFrame, ClipNormaliser, IdentityTexts
from .clip_batch import (ClipBatch, denormalise, read_targets,
                         refuse_batch_augments)
from .frame_loop import FrameStep, States, frame_step, track_batch
from .frame_runner import build_frame_runner
from .gradient_norm import known_norm
from .loss_total import total_loss
from .micro_batches import (add_losses, check_micro_batch_size, gradient_sync,
                            refuse_accumulation, split_clips)
from .non_finite_guard import Attempt, NonFiniteGuard
from .row_backup import RowBackup


@MODELS.register_module()
class IPMOT(BaseMOTModel):
    """Instance Prompt Learning for Cross-Domain Multi-Object Tracking.

    .. code:: text

        one step, two policies (paper, Figure 2):

        frames --encode--> memory            once for all frames of a clip
        for each frame:
            memory, track queries --step--> outputs   [detect ; track]
            outputs --assigner (knows the truth, training)-+
                    --tracker  (knows scores, test)--------+--> selection
            outputs, selection --updater--> track queries of the next frame

    Letters used in this package: N batch, T frames, Q = Qd + Qt queries, L
    decoder layers, C query dims, K classes, P prompts, M context tokens, D
    dims of the joint space of image and text.

    Args:
        detector (dict): Config of a :class:`QueryDetector`.
        updater (dict): Config of a query updater.
        tracker (dict): Config of :class:`QueryTracker`.
        dedup (dict, optional): Config of :class:`DeduplicationModule`. None
            builds none, and s is sigmoid(c).
        assigner (dict, optional): Config of :class:`ClipAssigner`. Needed in
            training only.
        clip_loss (dict, optional): Config of :class:`ClipAverageLoss`. Needed
            in training only.
        track_book (dict, optional): Config of :class:`TrackBookHead`. It is
            built by :meth:`build_track_book` when training begins, never at
            test time. None trains without textual descriptions.
        data_preprocessor (dict, optional): Config of mmdet's
            ``TrackDataPreprocessor``.
        micro_batch_size (int, optional): Clips per forward and backward pass
            in training. A batch is then trained in parts, with the losses
            and the one step of the whole. None takes it at once. Defaults to
            None.
        max_non_finite (int): Iterations in a row with a loss or a gradient
            that is not finite, which stop the training; see
            :class:`NonFiniteGuard`. Defaults to 10.
        frame_mode (str): How frames run at test time: ``'eager'``,
            ``'cuda_graph'`` or ``'compile'``; see
            :mod:`ipmot_mm.models.mot.frame_runner`. Defaults to ``'eager'``.
    """

    def __init__(self,
                 *,
                 detector: dict,
                 updater: dict,
                 tracker: dict,
                 dedup: Optional[dict] = None,
                 assigner: Optional[dict] = None,
                 clip_loss: Optional[dict] = None,
                 track_book: Optional[dict] = None,
                 data_preprocessor: Optional[dict] = None,
                 micro_batch_size: Optional[int] = None,
                 max_non_finite: int = 10,
                 frame_mode: str = 'eager',
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(
            data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        refuse_batch_augments(self.data_preprocessor)
        self.detector = MODELS.build(detector)
        self.updater = MODELS.build(updater)
        self.dedup = None if dedup is None else MODELS.build(dedup)
        self.tracker = TASK_UTILS.build(tracker)
        self.assigner = None
        if assigner is not None:
            self.assigner = TASK_UTILS.build(assigner)
        self.clip_loss = None
        if clip_loss is not None:
            self.clip_loss = MODELS.build(clip_loss)
        check_micro_batch_size(micro_batch_size)
        self.micro_batch_size = micro_batch_size
        self.guard = NonFiniteGuard(max_non_finite)
        self.track_book_cfg = track_book
        self.track_book = None
        self.track_state = TrackState()
        self.frame_runner = build_frame_runner(frame_mode)
        self._register_load_state_dict_pre_hook(self._drop_track_book)

    def build_track_book(self) -> None:
        """Build the TrackBook and its CLIP; training calls it, once."""
        if self.track_book_cfg is not None and self.track_book is None:
            self.track_book = MODELS.build(self.track_book_cfg)
            self.track_book.to(next(self.detector.parameters()).device)

    def _drop_track_book(self, state_dict: Dict[str, Any], prefix: str,
                         *args: Any) -> None:
        """Ignore the TrackBook of a checkpoint where none is built."""
        if self.track_book is None:
            for key in list(state_dict):
                if key.startswith(f'{prefix}track_book.'):
                    del state_dict[key]

    # ------------------------------------------------------------- one step

    def encode(self, images: Tensor,
               img_shapes: Sequence[Tuple[int, int]]) -> FrameMemory:
        """Encode all frames of all clips in one forward.

        Args:
            images (Tensor): Normalised, has shape (N, T, 3, H, W).
            img_shapes (sequence[tuple[int, int]]): Unpadded height and width
                of the N * T frames, clip by clip.

        Returns:
            :obj:`FrameMemory`: Of N * T frames.
        """
        return self.detector.encode(images.flatten(0, 1), img_shapes)

    def step(self, memory: FrameMemory, tracks: TrackQueries) -> QueryOutputs:
        """Decode one frame of N videos; training and test share this.

        Args:
            memory (:obj:`FrameMemory`): Of N frames.
            tracks (:obj:`TrackQueries`): That enter the frame.

        Returns:
            :obj:`QueryOutputs`: Of all detect and track queries.
        """
        outputs = self.detector.decode(memory, tracks)
        if self.dedup is None:
            return outputs
        return outputs.replace(dedup_logits=self.dedup(outputs))

    # ------------------------------------------------------------- training

    def train_step(self,
                   data: dict,
                   optim_wrapper: OptimWrapper,
                   run: Optional[Callable] = None,
                   ctx: Optional[torch.nn.Module] = None) -> Dict[str, Tensor]:
        """One iteration of Algorithm 1: the TrackBook, then the tracker.

        Args:
            data (dict): Of the data loader.
            optim_wrapper (:obj:`OptimWrapperDict` | :obj:`OptimWrapper`): With
                ``tracker`` and, with a TrackBook, ``track_book``.
            run (callable, optional): Runs the forward of the tracker; a
                distributed wrapper passes its own, so that it sees the
                gradients. Defaults to :meth:`_run_forward`.
            ctx (nn.Module, optional): What ``optim_context`` gets. Defaults
                to the model.

        Returns:
            dict[str, Tensor]: Values to log, without graph. Of a skipped
            iteration there are none: one NaN would spoil the averages of the
            log for as long as their window. From the first one on there is
            ``num_skipped``, how many there were, in every iteration, so that
            an average over the last ones is that number.
        """
        is_dict = isinstance(optim_wrapper, OptimWrapperDict)
        tracker_optim = optim_wrapper['tracker'] if is_dict else optim_wrapper
        refuse_accumulation(tracker_optim)
        parts = [
            self._prepare(part)
            for part in split_clips(data, self.micro_batch_size)
        ]
        attempt = Attempt()
        texts, log_vars = None, {}
        if self.track_book is not None:
            texts, log_vars = self._train_track_book(
                parts, optim_wrapper['track_book'], attempt)
        log_vars.update(
            self._train_tracker(parts, texts, tracker_optim, attempt, run
                                or self._run_forward, ctx or self))
        if self.guard.accepts(attempt):
            with known_norm(tracker_optim, attempt.norms.get('tracker')):
                tracker_optim.step()
        else:
            log_vars = {}
        tracker_optim.zero_grad()
        if self.guard.num_skipped:
            log_vars['num_skipped'] = torch.tensor(self.guard.num_skipped)
        return log_vars

    def _prepare(self, data: dict) -> ClipBatch:
        """Clips on the device, normalised and padded to one size."""
        return ClipBatch.of(data, self.data_preprocessor)

    def _train_track_book(
            self, parts: Sequence[ClipBatch], optim_wrapper: OptimWrapper,
            attempt: Attempt) -> Tuple[IdentityTexts, Dict[str, Tensor]]:
        """Lines 1 to 9 of Algorithm 1; then Text(B, Y) with the new rows."""
        features, identities = self.track_book.gather(
            [self._crop_features(part) for part in parts])
        losses = self.track_book.loss(features, identities)
        log_vars: Dict[str, Tensor] = {}
        if losses:
            images = [name for part in parts for name in part.images]
            loss, log_vars = self.parse_losses(losses)
            log_vars['track_book_loss'] = log_vars.pop('loss')
            optim_wrapper.backward(loss)
            attempt.expect_finite('track_book', loss, images)
            attempt.expect_finite_gradients(
                'track_book', optim_wrapper, images)
            # The tracker learns from the new rows, so that the step comes
            # before the iteration can be judged.
            attempt.on_failure(self._backup_rows(optim_wrapper).restore)
            optim_wrapper.step()
            optim_wrapper.zero_grad()
        texts = self.describe_identities(
            [clip for part in parts for clip in part.targets])
        return texts, add_losses({}, log_vars)

    def describe_identities(
            self, targets: Sequence[Sequence[FrameTargets]]) -> IdentityTexts:
        """Text(B, Y) of Algorithm 1, line 18, from the TrackBook as it is.

        Args:
            targets (sequence[sequence[:obj:`FrameTargets`]]): T frames of N
                clips.

        Returns:
            :obj:`IdentityTexts`: Of the identities in the clips that have a
            row.
        """
        present = torch.cat([
            frame.identities for clip in targets for frame in clip
        ]).unique()
        present = present[(present != NO_IDENTITY)
                          & (present < len(self.track_book.tokens))]
        return IdentityTexts(present, self.track_book.describe(present))

    def _crop_features(self, part: ClipBatch) -> Tuple[Tensor, Tensor]:
        """Image features and identities of the objects of some clips."""
        if self.track_book.feature_dir is not None:
            return self.track_book.read_features(part.targets, part.flips)
        return self.track_book.encode_crops(
            denormalise(part.inputs, self.data_preprocessor), part.targets)

    def _backup_rows(self, optim_wrapper: OptimWrapper) -> RowBackup:
        tokens = self.track_book.tokens
        return RowBackup(optim_wrapper.optimizer, tokens,
                         tokens.grad.coalesce().indices()[0])

    def _train_tracker(self, parts: List[ClipBatch],
                       texts: Optional[IdentityTexts],
                       optim_wrapper: OptimWrapper, attempt: Attempt,
                       run: Callable,
                       ctx: torch.nn.Module) -> Dict[str, Tensor]:
        """Lines 10 to 18, part by part; the gradients add up.

        Parts are dropped as soon as they were used.
        """
        images = [name for part in parts for name in part.images]
        normaliser = self.clip_loss.normaliser(
            [clip for part in parts for clip in part.targets],
            parts[0].inputs.device)
        total: Dict[str, Tensor] = {}
        while parts:
            part = parts.pop(0)
            with gradient_sync(ctx, enabled=not parts):
                with optim_wrapper.optim_context(ctx):
                    losses = run(
                        dict(
                            inputs=part.inputs,
                            data_samples=part.data_samples,
                            targets=part.targets,
                            texts=texts,
                            normaliser=normaliser),
                        mode='loss')
                loss, log_vars = self.parse_losses(losses)
                optim_wrapper.backward(loss)
            attempt.expect_finite('tracker', loss, part.images)
            add_losses(total, log_vars)
        attempt.expect_finite_gradients('tracker', optim_wrapper, images)
        return total

    parse_losses = staticmethod(total_loss)  # mmengine's name for it

    def loss(self,
             inputs: Tensor,
             data_samples: Sequence[TrackDataSample],
             texts: Optional[IdentityTexts] = None,
             normaliser: Optional[ClipNormaliser] = None,
             targets: Optional[Sequence[Sequence[FrameTargets]]] = None
             ) -> Dict[str, Tensor]:
        """Losses of N clips of T frames (lines 10 to 18 of Algorithm 1).

        Per frame the host waits for the device once, to match.

        Args:
            inputs (Tensor): Normalised, has shape (N, T, 3, H, W).
            data_samples (sequence[:obj:`TrackDataSample`]): N clips, with
                ground truth unless ``targets`` has it.
            texts (:obj:`IdentityTexts`, optional): Text features of the
                identities present.
            normaliser (:obj:`ClipNormaliser`, optional): Of the batch that
                these clips are a part of. None takes them as the batch.
            targets (sequence, optional): Ground truth on the host, T frames
                of N clips. Defaults to that of ``data_samples``.

        Returns:
            dict[str, Tensor]: See :meth:`ClipAverageLoss.reduce`.
        """
        if targets is None:
            targets = read_targets(data_samples)
        num_frames = inputs.size(1)
        memory = self.encode(
            inputs, [frame.img_shape for clip in targets for frame in clip])
        tracks = TrackQueries.empty(
            len(inputs), self.detector.embed_dims, inputs.device)
        frames = []
        for t, truth in enumerate(
                TargetBatch.of_clips(targets, inputs.device)):
            outputs = self.step(memory.frame(t, num_frames), tracks)
            assignment, selection = self.assigner(outputs, tracks, truth)
            frames.append(ClipFrame(outputs, assignment, truth))
            if t + 1 < num_frames:
                tracks = self.updater(tracks, outputs, selection)
        return self.clip_loss.reduce(frames, texts, normaliser)

    # ------------------------------------------------------------ inference

    def reset(self) -> None:
        """Forget all tracks; frame 0 of a video does it by itself."""
        self.track_state.reset()

    def frame_step(self, memory: FrameMemory, tracks: TrackQueries,
                   num_ids: Tensor) -> FrameStep:
        """One encoded frame of N videos; see :func:`frame_loop.frame_step`."""
        return frame_step(self, memory, tracks, num_ids)

    @torch.no_grad()
    def predict(self,
                inputs: Tensor,
                data_samples: Sequence[TrackDataSample],
                state: States = None,
                **kwargs: Any) -> Sequence[TrackDataSample]:
        """Track the next T frames of N videos.

        Args:
            inputs (Tensor): Normalised, has shape (N, T, 3, H, W).
            data_samples (sequence[:obj:`TrackDataSample`]): N samples of T
                frames with ``frame_id``, ``img_shape`` and ``ori_shape``.
            state (:obj:`TrackState` | sequence[:obj:`TrackState`], optional):
                One for each video; they are updated. Nothing else is written,
                so videos with a state each may take turns frame by frame.
                Defaults to that of the model, which serves whole videos one
                after the other.

        Returns:
            sequence[:obj:`TrackDataSample`]: The same, each frame with
            ``pred_track_instances`` on the CPU: ``bboxes`` xyxy in original
            pixels, ``scores``, ``labels`` and ``instances_id``.
        """
        track_batch(self, inputs, data_samples, state)
        return data_samples

    def _forward(self, inputs: Tensor,
                 data_samples: Sequence[TrackDataSample],
                 **kwargs: Any) -> QueryOutputs:
        """Raw outputs of the first frame without any track, for profiling."""
        samples = [clip.video_data_samples[0] for clip in data_samples]
        memory = self.encode(inputs[:, :1],
                             [frame.img_shape for frame in samples])
        tracks = TrackQueries.empty(
            len(inputs), self.detector.embed_dims, inputs.device)
        return self.step(memory, tracks)
