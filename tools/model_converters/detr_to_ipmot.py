"""Start IP-MOT from official DAB-Deformable-DETR or Deformable DETR weights.

Reads the checkpoints of IDEA-Research/DAB-DETR @723ddb8
(DAB-Deformable-DETR-R50, no two-stage) and of
fundamentalvision/Deformable-DETR (r50 with iterative bounding box refinement)
and writes one for ``load_from``.

Example:
    python tools/model_converters/detr_to_ipmot.py official.pth ipmot.pth
"""
import argparse
import re
import sys
import warnings
from typing import Dict, Optional

import torch
from torch import Tensor

from ipmot_mm.compat.checkpoint import load_from_local

SHARED_KEYS = {
    r'backbone\.0\.body\.(.+)': r'backbone.\1',
    r'input_proj\.([012])\.0\.(.+)': r'neck.convs.\1.conv.\2',
    r'input_proj\.([012])\.1\.(.+)': r'neck.convs.\1.gn.\2',
    r'input_proj\.3\.0\.(.+)': r'neck.extra_convs.0.conv.\1',
    r'input_proj\.3\.1\.(.+)': r'neck.extra_convs.0.gn.\1',
    r'transformer\.level_embed': r'level_embed',
    r'transformer\.(encoder|decoder)\.layers\.(\d+)\.linear1\.(.+)':
    r'\1.layers.\2.ffn.layers.0.0.\3',
    r'transformer\.(encoder|decoder)\.layers\.(\d+)\.linear2\.(.+)':
    r'\1.layers.\2.ffn.layers.1.\3',
    r'transformer\.encoder\.layers\.(\d+)\.self_attn\.(.+)':
    r'encoder.layers.\1.self_attn.\2',
    r'transformer\.encoder\.layers\.(\d+)\.norm1\.(.+)':
    r'encoder.layers.\1.norms.0.\2',
    r'transformer\.encoder\.layers\.(\d+)\.norm2\.(.+)':
    r'encoder.layers.\1.norms.1.\2',
    r'transformer\.decoder\.layers\.(\d+)\.self_attn\.(.+)':
    r'decoder.layers.\1.self_attn.attn.\2',
    r'transformer\.decoder\.layers\.(\d+)\.cross_attn\.(.+)':
    r'decoder.layers.\1.cross_attn.\2',
    # the official norm2 follows the self-attention, norm1 the cross-attention
    r'transformer\.decoder\.layers\.(\d+)\.norm2\.(.+)':
    r'decoder.layers.\1.norms.0.\2',
    r'transformer\.decoder\.layers\.(\d+)\.norm1\.(.+)':
    r'decoder.layers.\1.norms.1.\2',
    r'transformer\.decoder\.layers\.(\d+)\.norm3\.(.+)':
    r'decoder.layers.\1.norms.2.\2',
    r'class_embed\.(\d+)\.(.+)': r'bbox_head.cls_branches.\1.\2',
    r'bbox_embed\.(\d+)\.layers\.0\.(.+)': r'bbox_head.reg_branches.\1.0.\2',
    r'bbox_embed\.(\d+)\.layers\.1\.(.+)': r'bbox_head.reg_branches.\1.2.\2',
    r'bbox_embed\.(\d+)\.layers\.2\.(.+)': r'bbox_head.reg_branches.\1.4.\2',
}
"""Official name: name in a detector, as patterns of the whole key."""

LAYOUT_KEYS = {
    'dab': {
        r'transformer\.decoder\.(query_scale|ref_point_head)\.(.+)':
        r'decoder.\1.\2',
        r'tgt_embed\.weight': r'query_content.weight',
        r'refpoint_embed\.weight': r'query_anchor.weight',
    },
    'deformable': {
        r'query_embed\.weight': r'query_embedding.weight',
        r'transformer\.reference_points\.(.+)': r'reference_points_fc.\1',
    },
}
"""What only one of the layouts has."""

REPEATED_KEYS = r'transformer\.decoder\.bbox_embed\..+'
"""The same tensors as ``bbox_embed``, stored twice."""

QUERY_KEYS = ('query_content.weight', 'query_anchor.weight',
              'query_embedding.weight')


def convert(state_dict: Dict[str, Tensor],
            *,
            layout: Optional[str] = None,
            class_row: int = 1,
            num_queries: int = 300) -> Dict[str, Tensor]:
    """Rename the parameters of a detector.

    Args:
        state_dict (dict[str, Tensor]): Official names.
        layout (str, optional): ``'dab'`` or ``'deformable'``. Defaults to
            the one whose queries are there.
        class_row (int): Row of the class layers that becomes the one class.
            Defaults to 1, the person among the 91 ids of COCO.
        num_queries (int): Detect queries of the model. Defaults to 300.

    Returns:
        dict[str, Tensor]: Names of :class:`QueryDetector`, without prefix.

    Raises:
        ValueError: A key has no counterpart, or there is no such class row.
    """
    if layout is None:
        layout = 'dab' if 'tgt_embed.weight' in state_dict else 'deformable'
    table = {**SHARED_KEYS, **LAYOUT_KEYS[layout]}
    converted, unknown = {}, []
    for key, value in state_dict.items():
        if re.fullmatch(REPEATED_KEYS, key):
            continue
        name = _rename(key, table)
        if name is None:
            unknown.append(key)
        else:
            converted[name] = value
    if unknown:
        raise ValueError(
            f'checkpoint has {len(unknown)} keys that the layout "{layout}" '
            f'does not know, such as {unknown[0]}; expected one of '
            f'{sorted(LAYOUT_KEYS)} with box refinement and without '
            'two-stage, choose it with --layout')
    for key, value in converted.items():
        if key.startswith('bbox_head.cls_branches.'):
            converted[key] = _take_class(key, value, class_row)
        elif key in QUERY_KEYS:
            converted[key] = _resize_queries(key, value, num_queries)
    return converted


def _rename(key: str, table: Dict[str, str]) -> Optional[str]:
    for pattern, name in table.items():
        match = re.fullmatch(pattern, key)
        if match:
            return match.expand(name)
    return None


def _take_class(key: str, value: Tensor, class_row: int) -> Tensor:
    """One row, kept as a row."""
    if not 0 <= class_row < len(value):
        raise ValueError(
            f'class_row must be in [0, {len(value)}), the rows of {key}, got '
            f'{class_row}; the person is row 1 of 91 and row 0 of 80 classes')
    return value[class_row:class_row + 1].clone()


def _resize_queries(key: str, value: Tensor, num_queries: int) -> Tensor:
    """The first rows; further ones as ``nn.Embedding`` initialises them."""
    if len(value) == num_queries:
        return value
    kept = min(len(value), num_queries)
    warnings.warn(
        f'{key} has {len(value)} rows, the model {num_queries} queries: '
        f'{kept} rows are copied, {num_queries - kept} start at random',
        stacklevel=3)
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(num_queries - kept, value.size(1), generator=generator)
    return torch.cat([value[:kept], rows.to(value)])


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    parser = argparse.ArgumentParser(
        description='Official Deformable DETR weights to IP-MOT')
    parser.add_argument('src', help='official checkpoint')
    parser.add_argument('dst', help='checkpoint to write')
    parser.add_argument(
        '--layout',
        choices=sorted(LAYOUT_KEYS),
        help='default: what the queries of the checkpoint say')
    parser.add_argument(
        '--class-row',
        type=int,
        default=1,
        help='row of the class to keep; default: 1, the person')
    parser.add_argument(
        '--num-queries',
        type=int,
        default=300,
        help='detect queries of the model; default: 300')
    return parser.parse_args()


def main() -> None:
    """Convert a file, or say in one line why not."""
    args = parse_args()
    try:
        if hasattr(torch.serialization, 'add_safe_globals'):
            # official files hold the command line of their training
            torch.serialization.add_safe_globals([argparse.Namespace])
        checkpoint = load_from_local(args.src, map_location='cpu')
        converted = convert(
            checkpoint.get('model', checkpoint),
            layout=args.layout,
            class_row=args.class_row,
            num_queries=args.num_queries)
    except (ValueError, OSError) as error:
        sys.stderr.write(f'detr_to_ipmot.py: {error}\n')
        sys.exit(2)
    state_dict = {f'detector.{key}': converted[key] for key in converted}
    torch.save(dict(state_dict=state_dict), args.dst)


if __name__ == '__main__':
    main()
