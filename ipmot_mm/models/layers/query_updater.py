"""From the selected queries of a frame to the track queries of the next."""
from abc import ABCMeta, abstractmethod
from typing import Optional

import torch
from mmdet.models.layers import MLP
from mmengine.model import BaseModule
from torch import Tensor, nn

from ipmot_mm.registry import MODELS
from ipmot_mm.structures import QueryOutputs, QuerySelection, TrackQueries

from .anchor_encoding import AnchorEncoding
from .query_attention import attend

RESIDUALS = ('carried', 'decoded')


class BaseQueryUpdater(BaseModule, metaclass=ABCMeta):
    """What all updaters share: carry the old state, change it if confident.

    A selected query with a tracking score above the threshold moves its
    anchor to the predicted box and takes the state that :meth:`interact`
    computes. Any other keeps the state that it entered the frame with, which
    is what carries a target through an occlusion (MCG-NJU/MeMOTR @7de13f4,
    models/query_updater.py:98-152; megvii-research/MOTRv2 @1aac7c3,
    models/qim.py:147-176). Contents keep their gradient across frames,
    anchors never do.

    Args:
        update_score_thr (float): The threshold on s. Defaults to 0.5.
    """

    def __init__(self,
                 *,
                 update_score_thr: float = 0.5,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.update_score_thr = update_score_thr

    def forward(self, tracks: TrackQueries, outputs: QueryOutputs,
                selection: QuerySelection) -> TrackQueries:
        """Make the track queries of the next frame.

        Args:
            tracks (:obj:`TrackQueries`): That entered this frame, Qt.
            outputs (:obj:`QueryOutputs`): Of this frame.
            selection (:obj:`QuerySelection`): S queries that live on.

        Returns:
            :obj:`TrackQueries`: S track queries.
        """
        hidden = selection.gather(outputs.hidden_states[-1])  # (N, S, C)
        carried = self.carry(tracks, outputs, selection)
        if len(carried) == 0:
            return carried
        is_confident = (carried.scores > self.update_score_thr)[..., None]
        bboxes = selection.gather(outputs.bboxes[-1].detach())
        moved = carried.replace(
            anchors=torch.where(is_confident, bboxes, carried.anchors))
        updated = self.interact(self.start(moved, outputs, selection), hidden)
        states = {
            name: torch.where(is_confident, getattr(updated, name), old)
            for name, old in (('content', carried.content),
                              ('query_pos', carried.query_pos),
                              ('last_output', carried.last_output),
                              ('long_memory', carried.long_memory))
            if old is not None
        }
        return moved.replace(**states)

    def carry(self, tracks: TrackQueries, outputs: QueryOutputs,
              selection: QuerySelection) -> TrackQueries:
        """State that the selected queries had when they entered the frame.

        A detect query carries what entered the last decoder layer
        (MCG-NJU/MeMOTR @7de13f4, models/memotr.py:183,204-207).

        Returns:
            :obj:`TrackQueries`: S track queries.
        """
        num_detect = outputs.num_detect_queries

        def select(detect: Tensor, track: Tensor) -> Tensor:
            joined = torch.cat([detect[:, :num_detect], track], dim=1)
            return selection.gather(joined)

        query_pos = None
        if outputs.query_pos is not None:
            query_pos = selection.gather(outputs.query_pos)
        return TrackQueries(
            content=select(outputs.last_content, tracks.content),
            anchors=select(outputs.last_anchors, tracks.anchors),
            query_pos=query_pos,
            ids=selection.ids,
            labels=selection.labels,
            scores=selection.scores,
            ious=selection.ious,
            num_frames_missed=selection.num_frames_missed,
            valid=selection.valid)

    def start(self, tracks: TrackQueries, outputs: QueryOutputs,
              selection: QuerySelection) -> TrackQueries:
        """State that :meth:`interact` starts from: that which is carried.

        Args:
            tracks (:obj:`TrackQueries`): Anchors moved, state carried.
            outputs (:obj:`QueryOutputs`): Of this frame.
            selection (:obj:`QuerySelection`): S queries that live on.

        Returns:
            :obj:`TrackQueries`: S track queries.
        """
        return tracks

    @abstractmethod
    def interact(self, tracks: TrackQueries, hidden: Tensor) -> TrackQueries:
        """Compute the new state of all tracks.

        Args:
            tracks (:obj:`TrackQueries`): Anchors moved, state carried.
            hidden (Tensor): Output embeddings, has shape (N, S, C).

        Returns:
            :obj:`TrackQueries`: With new state in the fields that
            :meth:`forward` keeps for confident tracks.
        """

    @staticmethod
    def attended_tracks(tracks: TrackQueries) -> Tensor:
        """Tensor: False on padding, bool, has shape (N, S). A sample without
        any track attends to its padding, since a softmax over nothing is
        NaN."""
        return tracks.valid | ~tracks.valid.any(1, keepdim=True)


@MODELS.register_module()
class IdentityUpdater(BaseQueryUpdater):
    """The output embedding becomes the next content; tracks do not interact.

    Without parameters: the baseline of what an updater adds.
    """

    def interact(self, tracks: TrackQueries, hidden: Tensor) -> TrackQueries:
        """See :meth:`BaseQueryUpdater.interact`."""
        return tracks.replace(content=hidden)


@MODELS.register_module()
class QueryUpdater(BaseQueryUpdater):
    """Query interaction module (QIM) with anchors, the default.

    Self-attention among the tracks of a frame and feed-forward networks, as
    the temporal aggregation of MOTR, in the form that megvii-research/MOTRv2
    @1aac7c3 (models/qim.py:147-176) gives it: the position comes from the
    box. The paper lists IP-MOT among trackers without memory (Table 1), so
    this has none.

    Args:
        embed_dims (int): C. Defaults to 256.
        num_heads (int): Attention heads. Defaults to 8.
        feedforward_channels (int): Defaults to 2048.
        residual (str): What the new content is added to: ``'carried'``, the
            content with which the track entered the frame, as in MOTR, or
            ``'decoded'``, what entered the last decoder layer, as for a
            newborn. The first is a recursion over as many frames as the
            track lives. Defaults to ``'carried'``.

    Raises:
        ValueError: If ``residual`` is neither.
    """

    def __init__(self,
                 *,
                 embed_dims: int = 256,
                 num_heads: int = 8,
                 feedforward_channels: int = 2048,
                 residual: str = 'carried',
                 **kwargs) -> None:
        super().__init__(**kwargs)
        if residual not in RESIDUALS:
            raise ValueError(f'updater.residual must be one of {RESIDUALS}, '
                             f'got {residual!r}.')
        self.residual = residual
        self.self_attn = nn.MultiheadAttention(
            embed_dims, num_heads, batch_first=True)
        self.attn_norm = nn.LayerNorm(embed_dims)
        self.ffn = MLP(embed_dims, feedforward_channels, embed_dims, 2)
        self.ffn_norm = nn.LayerNorm(embed_dims)
        self.content_ffn = MLP(embed_dims, feedforward_channels, embed_dims,
                               2)
        self.content_norm = nn.LayerNorm(embed_dims)
        self._init_position(embed_dims, feedforward_channels)

    def _init_position(self, embed_dims: int,
                       feedforward_channels: int) -> None:
        self.encoding = AnchorEncoding(embed_dims // 2)
        self.pos_head = MLP(embed_dims * 2, embed_dims, embed_dims, 2)

    def start(self, tracks: TrackQueries, outputs: QueryOutputs,
              selection: QuerySelection) -> TrackQueries:
        """See :meth:`BaseQueryUpdater.start`."""
        if self.residual == 'carried':
            return tracks
        return tracks.replace(content=selection.gather(outputs.last_content))

    def interact(self, tracks: TrackQueries, hidden: Tensor) -> TrackQueries:
        """See :meth:`BaseQueryUpdater.interact`."""
        aggregated = self._aggregate(tracks, hidden, self._position(tracks))
        content = self.content_norm(tracks.content +
                                    self.content_ffn(aggregated))
        return tracks.replace(content=content)

    def _position(self, tracks: TrackQueries) -> Tensor:
        """Position of the tracks in the attention, (N, S, C)."""
        sine = self.encoding(tracks.anchors)
        return self.pos_head(sine.to(tracks.content.dtype))

    def _aggregate(self, tracks: TrackQueries, hidden: Tensor,
                   position: Tensor) -> Tensor:
        """Attention among tracks, then feed-forward, (N, S, C)."""
        query = hidden + position
        attended = attend(self.self_attn, query, query, hidden,
                          self.attended_tracks(tracks))
        hidden = self.attn_norm(hidden + attended)
        return self.ffn_norm(hidden + self.ffn(hidden))


@MODELS.register_module()
class PositionalQueryUpdater(QueryUpdater):
    """QIM of MOTR for the plain Deformable DETR: updates the position too.

    ``query_pos = LN(query_pos + FFN(aggregated))``, after
    megvii-research/MOTR @8690da3 (models/qim.py:147-177).
    """

    def _init_position(self, embed_dims: int,
                       feedforward_channels: int) -> None:
        self.pos_ffn = MLP(embed_dims, feedforward_channels, embed_dims, 2)
        self.pos_norm = nn.LayerNorm(embed_dims)

    def _position(self, tracks: TrackQueries) -> Tensor:
        if tracks.query_pos is None:
            raise ValueError(
                'updater.type PositionalQueryUpdater needs a detector with a '
                'positional query part (DeformableDetector); use '
                'QueryUpdater with DABDeformableDetector.')
        return tracks.query_pos

    def interact(self, tracks: TrackQueries, hidden: Tensor) -> TrackQueries:
        """See :meth:`BaseQueryUpdater.interact`."""
        aggregated = self._aggregate(tracks, hidden, self._position(tracks))
        query_pos = self.pos_norm(tracks.query_pos + self.pos_ffn(aggregated))
        content = self.content_norm(tracks.content +
                                    self.content_ffn(aggregated))
        return tracks.replace(content=content, query_pos=query_pos)


@MODELS.register_module()
class MemoryQueryUpdater(QueryUpdater):
    """Updater with a short and a long memory, in the style of MeMOTR.

    The output of this frame is weighted by a learned confidence and fused
    with that of the last confident frame; the fusion asks, the long memory
    answers, and the long memory follows the outputs slowly
    (MCG-NJU/MeMOTR @7de13f4, models/query_updater.py:82-146). The long memory
    is read without gradient.

    Args:
        memory_momentum (float): Share of the new output in the long memory.
            Defaults to 0.01.
    """

    def __init__(self,
                 *,
                 embed_dims: int = 256,
                 memory_momentum: float = 0.01,
                 **kwargs) -> None:
        super().__init__(embed_dims=embed_dims, **kwargs)
        if self.residual != 'carried':
            raise ValueError(
                f'updater.residual={self.residual!r}: MemoryQueryUpdater adds '
                'to its long memory; leave residual out.')
        self.memory_momentum = memory_momentum
        self.confidence = MLP(embed_dims, embed_dims, embed_dims, 2)
        self.fusion = MLP(2 * embed_dims, 2 * embed_dims, embed_dims, 2)
        self.memory_norm = nn.LayerNorm(embed_dims)

    def carry(self, tracks: TrackQueries, outputs: QueryOutputs,
              selection: QuerySelection) -> TrackQueries:
        """As the base; a newborn remembers its own content and output."""
        carried = super().carry(tracks, outputs, selection)
        num_detect = outputs.num_detect_queries
        hidden = outputs.hidden_states[-1]
        memory, last = outputs.last_content, hidden
        if tracks.long_memory is not None:  # None before the first frame
            memory = torch.cat([memory[:, :num_detect], tracks.long_memory],
                               1)
            last = torch.cat([last[:, :num_detect], tracks.last_output], 1)
        return carried.replace(
            long_memory=selection.gather(memory),
            last_output=selection.gather(last))

    def interact(self, tracks: TrackQueries, hidden: Tensor) -> TrackQueries:
        """See :meth:`BaseQueryUpdater.interact`."""
        position = self._position(tracks)
        long_memory = tracks.long_memory.detach()
        # 1. short memory: this output, as far as it is trusted, and the last
        trusted = self.confidence(hidden).sigmoid() * hidden
        short = self.fusion(torch.cat([trusted, tracks.last_output], -1))
        # 2. the short memory asks the long memories of all tracks
        attended = attend(self.self_attn, short + position,
                          long_memory + position, hidden,
                          self.attended_tracks(tracks))
        aggregated = self.attn_norm(hidden + attended)
        aggregated = self.ffn_norm(aggregated + self.ffn(aggregated))
        # 3. what was found is added to the long memory
        recalled = self.memory_norm(long_memory + aggregated)
        content = self.content_norm(recalled + self.content_ffn(recalled))
        momentum = self.memory_momentum
        return tracks.replace(
            content=content,
            last_output=hidden,
            long_memory=(1 - momentum) * long_memory + momentum * hidden)
