"""Frames to memory, memory and queries to predictions."""
from abc import ABCMeta, abstractmethod
from typing import Optional, Sequence, Tuple

import torch
from mmcv.cnn import fuse_conv_bn
from mmengine.model import BaseModule
from torch import Tensor, nn

from ipmot_mm.ops.deformable_attention import MultiScaleDeformableAttention
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import FrameMemory, QueryOutputs, TrackQueries

from .frame_encoding import FrameEncoding
from .padding_masks import padding_masks, valid_ratios


class QueryDetector(BaseModule, metaclass=ABCMeta):
    """Deformable DETR that decodes detect and track queries.

    .. code:: text

        frames --backbone, neck, encoder--> FrameMemory       (encode)
        FrameMemory + [detect ; track]
               --decoder--> hidden states, boxes
               --head--> class logits, embeddings = QueryOutputs  (decode)

    ``encode`` knows nothing of tracks, so it runs over all frames of a clip
    at once. Subclasses say what a detect query is. Parameters are named as
    in mmdet's ``DeformableDETR``.

    Args:
        backbone (dict): Config of the backbone.
        neck (dict): Config of the neck; its outputs are the levels.
        encoder (dict): Config of the encoder.
        decoder (dict): Config of the decoder.
        bbox_head (dict): Config of :class:`TrackHead`.
        num_queries (int): Detect queries Qd.
        positional_encoding (dict): Of mmdet's ``SinePositionalEncoding``.
        num_feature_levels (int): V. Defaults to 4.
    """

    def __init__(self,
                 *,
                 backbone: dict,
                 neck: dict,
                 encoder: dict,
                 decoder: dict,
                 bbox_head: dict,
                 num_queries: int,
                 positional_encoding: dict,
                 num_feature_levels: int = 4,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.num_queries = num_queries
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck)
        self.encoder = MODELS.build(encoder)
        self.decoder = MODELS.build(decoder)
        self.embed_dims = self.encoder.embed_dims
        self.bbox_head = MODELS.build({
            'num_layers': self.decoder.num_layers,
            'embed_dims': self.embed_dims,
            **bbox_head
        })
        self.positional_encoding = FrameEncoding(**positional_encoding)
        self.level_embed = nn.Parameter(
            torch.zeros(num_feature_levels, self.embed_dims))

    def init_weights(self) -> None:
        """Xavier for the transformer, then the parts' own rules."""
        for module in (self.encoder, self.decoder):
            for parameter in module.parameters():
                if parameter.dim() > 1:
                    nn.init.xavier_uniform_(parameter)
            for part in module.modules():
                if isinstance(part, MultiScaleDeformableAttention):
                    part.init_weights()
        nn.init.normal_(self.level_embed)
        super().init_weights()

    @abstractmethod
    def detect_queries(self) -> Tuple[Tensor, Tensor, Optional[Tensor]]:
        """Learned queries that detect objects.

        Returns:
            tuple: Content (Qd, C), anchors (cx, cy, w, h) in [0, 1] (Qd, 4),
            and position (Qd, C) or None where the anchor gives it.
        """

    def encode(self, images: Tensor,
               img_shapes: Sequence[Tuple[int, int]]) -> FrameMemory:
        """Encode frames, all at once.

        Args:
            images (Tensor): Normalised and padded, has shape (B, 3, H, W).
            img_shapes (sequence[tuple[int, int]]): Height and width of each
                frame without padding.

        Returns:
            :obj:`FrameMemory`: Of B frames.
        """
        levels = self.neck(self.backbone(images))
        if len(levels) != len(self.level_embed):
            raise ValueError(
                'detector.num_feature_levels must equal the number of neck '
                f'outputs, got {len(self.level_embed)} and {len(levels)}.')
        shapes = tuple((level.size(2), level.size(3)) for level in levels)
        masks = padding_masks(shapes, images, img_shapes)
        mask = None
        # float32 also under autocast: what layers are added to, and shares
        # of sizes, of which bfloat16 knows only the first 256
        features = torch.cat(
            [level.flatten(2).transpose(1, 2) for level in levels],
            1).float()
        if masks is None:
            ratios = features.new_ones(()).expand(
                len(images), len(levels), 2)
        else:
            mask = torch.cat([level.flatten(1) for level in masks], 1)
            ratios = valid_ratios(masks)
        position = self.positional_encoding.encode_levels(
            shapes, masks, features.device)
        position = position + torch.cat([
            embed.expand(height * width, -1)
            for embed, (height, width) in zip(self.level_embed, shapes)
        ])  # (B, S, C), B = 1 without padding
        features = self.encoder(features, position.to(features.dtype), mask,
                                shapes, ratios)
        return FrameMemory(features, mask, shapes, ratios)

    def fold_norms(self) -> None:
        """Make inference faster, for good: not to be trained or saved.

        Batch norms become part of the convolutions before them, and
        convolutions store channels last. Load checkpoints before; one that is
        saved after it fits no other model. Results change in the last digits.
        """
        self.backbone = fuse_conv_bn(self.backbone)
        for part in (self.backbone, self.neck):
            part.to(memory_format=torch.channels_last)

    def decode(self, memory: FrameMemory,
               tracks: TrackQueries) -> QueryOutputs:
        """Decode the detect queries and the given track queries.

        Args:
            memory (:obj:`FrameMemory`): Of N frames, one per video.
            tracks (:obj:`TrackQueries`): Of the same N videos.

        Returns:
            :obj:`QueryOutputs`: Without deduplication logits.
        """
        content, anchors, query_pos = self.detect_queries()
        batch_size = tracks.batch_size

        def join(detect: Tensor, track: Tensor) -> Tensor:
            detect = detect.expand(batch_size, -1, -1)
            return torch.cat([detect, track.to(detect.dtype)], dim=1)

        if query_pos is not None:
            tracked_pos = tracks.query_pos
            if tracked_pos is None:  # before the first frame
                tracked_pos = tracks.content
            query_pos = join(query_pos, tracked_pos)
        valid = torch.cat([
            tracks.valid.new_ones(batch_size, self.num_queries), tracks.valid
        ], 1)
        decoded = self.decoder(
            content=join(content, tracks.content),
            anchors=join(anchors, tracks.anchors),
            query_pos=query_pos,
            valid=valid,
            memory=memory,
            num_detect_queries=self.num_queries,
            reg_branches=self.bbox_head.reg_branches)
        return QueryOutputs(
            num_detect_queries=self.num_queries,
            num_detect_only_layers=self.decoder.num_detect_only_layers,
            valid=valid,
            cls_logits=self.bbox_head.classify(decoded.hidden_states),
            bboxes=decoded.bboxes,
            hidden_states=decoded.hidden_states,
            last_content=decoded.last_content,
            last_anchors=decoded.last_anchors,
            query_pos=query_pos,
            embeddings=self.bbox_head.embed(decoded.hidden_states)
            if self.training else None)
