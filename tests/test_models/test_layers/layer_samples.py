"""Small random inputs and layers; all sizes are different primes."""
import torch
from torch import nn

from ipmot_mm.models.layers import DABDeformableDecoder, DeformableDecoder
from ipmot_mm.structures import FrameMemory, QueryOutputs, QuerySelection

DIMS, HEADS, FFN = 12, 3, 23
SHAPES = ((7, 11), (5, 3), (2, 3), (1, 1))
DECODERS = {'dab': DABDeformableDecoder, 'plain': DeformableDecoder}


def layer_cfg(num_levels):
    """Config of a decoder layer; without ``cross_attn_cfg`` an encoder's."""
    attention = dict(embed_dims=DIMS, num_heads=HEADS, num_levels=num_levels)
    return dict(
        self_attn_cfg=dict(embed_dims=DIMS, num_heads=HEADS),
        cross_attn_cfg=attention,
        ffn_cfg=dict(embed_dims=DIMS, feedforward_channels=FFN))


def randomise(module):
    """Weights that hide nothing, unlike zeros."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module


def count_calls(module):
    """List that grows with every forward, recomputed ones as well."""
    calls = []
    module.register_forward_pre_hook(lambda *args: calls.append(1))
    return calls


def make_decoder(kind, num_layers=3, num_levels=2, det_only=1, with_cp=False):
    decoder = DECODERS[kind](
        num_layers=num_layers,
        layer_cfg=layer_cfg(num_levels),
        num_detect_only_layers=det_only,
        with_cp=with_cp)
    return randomise(decoder)


def make_reg_branches(num_layers=3):
    return randomise(
        nn.ModuleList(
            nn.Sequential(
                nn.Linear(DIMS, DIMS), nn.ReLU(), nn.Linear(DIMS, 4))
            for _ in range(num_layers)))


def make_memory(batch_size=2, num_levels=2, ragged=True):
    """Memory of frames of which all but the first are padded."""
    shapes = SHAPES[:num_levels]
    masks, ratios = [], []
    for height, width in shapes:
        mask = torch.zeros(batch_size, height, width, dtype=torch.bool)
        if ragged:
            mask[1:, max(1, height - 2):] = True
            mask[1:, :, max(1, width - 1):] = True
        masks.append(mask.flatten(1))
        ratios.append(
            torch.stack([(~mask[:, 0]).sum(1) / width,
                         (~mask[:, :, 0]).sum(1) / height], -1))
    mask = torch.cat(masks, 1)
    return FrameMemory(
        features=torch.randn(batch_size, mask.size(1), DIMS),
        padding_mask=mask if ragged else None,
        spatial_shapes=shapes,
        valid_ratios=torch.stack(ratios, 1))


def make_queries(kind, num_queries, batch_size=2):
    """Content, anchors and position of queries."""
    content = torch.randn(batch_size, num_queries, DIMS)
    anchors = torch.rand(batch_size, num_queries, 4) * 0.8 + 0.1
    position = None
    if kind == 'plain':
        position = torch.randn(batch_size, num_queries, DIMS)
    return dict(content=content, anchors=anchors, query_pos=position)


def select_queries(queries, inds):
    """Some of the queries, of all samples."""
    return {
        key: None if value is None else value[:, inds]
        for key, value in queries.items()
    }


def decode(decoder, branches, queries, memory, num_detect, valid=None):
    """Call a decoder; by default every query is valid."""
    if valid is None:
        valid = torch.ones(queries['content'].shape[:2], dtype=torch.bool)
    return decoder(
        **queries,
        valid=valid,
        memory=memory,
        num_detect_queries=num_detect,
        reg_branches=branches)


def make_outputs(num_detect=5,
                 num_tracks=3,
                 batch_size=2,
                 with_pos=False,
                 **changes):
    """Outputs of two layers with random values that carry gradient."""
    num_queries = num_detect + num_tracks
    fields = dict(
        num_detect_queries=num_detect,
        num_detect_only_layers=1,
        valid=torch.ones(batch_size, num_queries, dtype=torch.bool),
        cls_logits=torch.randn(2, batch_size, num_queries, 1),
        bboxes=torch.rand(2, batch_size, num_queries, 4, requires_grad=True),
        hidden_states=torch.randn(
            2, batch_size, num_queries, DIMS, requires_grad=True),
        last_content=torch.randn(
            batch_size, num_queries, DIMS, requires_grad=True),
        last_anchors=torch.rand(batch_size, num_queries, 4),
        query_pos=torch.randn(
            batch_size, num_queries, DIMS, requires_grad=True)
        if with_pos else None)
    return QueryOutputs(**{**fields, **changes})


def make_selection(inds, scores, valid=None):
    """Selection of the given queries with the given scores."""
    inds, scores = torch.tensor(inds), torch.tensor(scores)
    return QuerySelection(
        query_inds=inds,
        valid=torch.ones_like(inds, dtype=torch.bool)
        if valid is None else torch.tensor(valid),
        ids=inds + 100,
        labels=inds + 200,
        scores=scores,
        ious=scores + 1,
        num_frames_missed=inds + 300)
