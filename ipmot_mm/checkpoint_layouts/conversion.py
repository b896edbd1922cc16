"""From a checkpoint of another project to the parameters of a tracker."""
import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import torch
from torch import Tensor

from .layout import FRESH_PARTS, Layout, find_reason

CLASS_BRANCHES = 'detector.bbox_head.cls_branches.'
BOX_BRANCHES = 'detector.bbox_head.reg_branches.'
QUERIES = ('detector.query_content.weight', 'detector.query_anchor.weight',
           'detector.query_embedding.weight')
FIRST_POINTS = r'detector\.reference_points_fc\..+'

PERSON_ROWS = {91: 1, 80: 0, 1: 0}
"""Row of the person by the number of rows: ids of COCO, its 80 classes in a
row, and trackers of persons."""

NO_QUERIES = 'a two-stage detector makes its queries from the image'
OTHER_STAGE = 'branch of the first stage of a two-stage detector'
UNREFINED = ('without box refinement, all layers predict from the first '
             'reference, here from the box of the layer before')


@dataclass(frozen=True)
class Conversion:
    """A renamed checkpoint. Nothing of it is left unsaid.

    Attributes:
        layout (str): Name of the layout.
        weights (dict[str, Tensor]): By the names of a tracker.
        dropped (dict[str, str]): Key of the source: why it is left out.
        fresh (dict[str, str]): Pattern of keys of a tracker that stay as
            they are initialised: why.
        notes (tuple[str]): What the user should know.
    """
    layout: str
    weights: Dict[str, Tensor]
    dropped: Dict[str, str]
    fresh: Dict[str, str]
    notes: Tuple[str, ...]


def convert(state_dict: Mapping[str, Tensor],
            layout: Layout,
            *,
            class_rows: Optional[Sequence[int]] = None,
            num_queries: Optional[int] = None) -> Conversion:
    """Rename parameters, and rearrange where the meaning differs.

    Args:
        state_dict (mapping[str, Tensor]): Of the other project.
        layout (:obj:`Layout`): Its names.
        class_rows (Sequence[int], optional): Rows of the class layers, in
            the order of the classes of the tracker. Defaults to the person,
            for 91, 80 or 1 rows.
        num_queries (int, optional): Detect queries of the tracker; further
            ones start at random. Defaults to those of the checkpoint.

    Returns:
        :obj:`Conversion`: With tensors of the checkpoint where they are as
        they were.

    Raises:
        ValueError: A key that the layout does not know, or no such row.
    """
    weights, dropped = _rename_all(state_dict, layout)
    fresh, notes = {**FRESH_PARTS, **layout.fresh}, []
    _drop_first_stage(weights, dropped, fresh, notes)
    _drop_unrefined(weights, dropped, fresh, notes)
    converted = {}
    for key, (value, _) in weights.items():
        if key.startswith(CLASS_BRANCHES):
            value = _take_classes(key, value, class_rows)
        elif key in QUERIES and num_queries is not None:
            value = _resize_queries(key, value, num_queries, notes)
        elif key in layout.x_before_y:
            value = _exchange_x_y(value)
        converted[key] = value
    converted.update(_zero_biases(converted, layout.zero_biases))
    return Conversion(layout.name, converted, dropped, fresh, tuple(notes))


Renamed = Dict[str, Tuple[Tensor, str]]


def _rename_all(state_dict: Mapping[str, Tensor],
                layout: Layout) -> Tuple[Renamed, Dict[str, str]]:
    """Value and old key by new key, and what is dropped."""
    weights, dropped, unknown = {}, {}, []
    for key, value in state_dict.items():
        reason, name = find_reason(key, layout.dropped), layout.rename(key)
        if reason is not None:
            dropped[key] = reason
        elif name is None:
            unknown.append(key)
        else:
            weights[name] = (value, key)
    if unknown:
        raise ValueError(
            f'checkpoint has {len(unknown)} keys that the layout '
            f'"{layout.name}" does not know, such as {unknown[0]}; it is of '
            'another model, see docs/checkpoints.md for those that can be '
            'converted')
    return weights, dropped


def _drop_first_stage(weights: Renamed, dropped: Dict[str, str],
                      fresh: Dict[str, str], notes: List[str]) -> None:
    """What a two-stage detector has, and does not have."""
    if any(key in weights for key in QUERIES):
        return
    num_layers = 1 + max((int(match.group(1)) for match in (
        re.match(r'detector\.decoder\.layers\.(\d+)\.', key)
        for key in weights) if match), default=-1)
    for branches in (CLASS_BRANCHES, BOX_BRANCHES):
        _drop(weights, dropped, f'{branches}{num_layers}.', OTHER_STAGE)
    fresh.update({re.escape(key): NO_QUERIES for key in QUERIES})
    fresh[FIRST_POINTS] = NO_QUERIES
    notes.append(
        'a two-stage detector: it has no detect queries to start from, they '
        'are learned anew and detect nothing at first; the one-stage '
        'checkpoint of the same project is the better start')


def _drop_unrefined(weights: Renamed, dropped: Dict[str, str],
                    fresh: Dict[str, str], notes: List[str]) -> None:
    """Box branches after the first where all layers share one."""
    layers: Dict[str, Dict[str, Tensor]] = {}
    for key, (value, _) in weights.items():
        if key.startswith(BOX_BRANCHES):
            layer, name = key[len(BOX_BRANCHES):].split('.', 1)
            layers.setdefault(layer, {})[name] = value
    first = layers.pop('0', {})
    if not layers or not all(
            branch.keys() == first.keys() and all(
                torch.equal(branch[name], first[name]) for name in first)
            for branch in layers.values()):
        return
    for layer in layers:
        _drop(weights, dropped, f'{BOX_BRANCHES}{layer}.', UNREFINED)
    fresh[re.escape(BOX_BRANCHES) + r'[1-9]\d*\..+'] = UNREFINED
    notes.append(
        'no iterative box refinement: the box branches after the first start '
        'anew, and the layers after it now sample around boxes instead of '
        'points; the checkpoint with refinement is the better start')


def _drop(weights: Renamed, dropped: Dict[str, str], prefix: str,
          reason: str) -> None:
    for key in [key for key in weights if key.startswith(prefix)]:
        dropped[weights.pop(key)[1]] = reason


def _take_classes(key: str, value: Tensor,
                  class_rows: Optional[Sequence[int]]) -> Tensor:
    """Rows of the classes of the tracker."""
    rows = class_rows
    if rows is None and len(value) in PERSON_ROWS:
        rows = [PERSON_ROWS[len(value)]]
    if not rows or not all(0 <= row < len(value) for row in rows):
        raise ValueError(
            f'class_rows must be rows of {key}, in [0, {len(value)}), got '
            f'{class_rows}; give them with --class-rows (the person is row '
            '1 of 91 and row 0 of 80)')
    return value[list(rows)].clone()


def _resize_queries(key: str, value: Tensor, num_queries: int,
                    notes: List[str]) -> Tensor:
    """The first rows; further ones as ``nn.Embedding`` initialises them."""
    kept = min(len(value), num_queries)
    if kept == len(value) == num_queries:
        return value
    notes.append(f'{key}: {kept} of {len(value)} rows are copied, '
                 f'{num_queries - kept} start at random')
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(num_queries - kept, value.size(1), generator=generator)
    return torch.cat([value[:kept], rows.to(value)])


def _exchange_x_y(weight: Tensor) -> Tensor:
    """From inputs (x, y, w, h) to (y, x, w, h), a quarter each."""
    x, y, width, height = weight.chunk(4, dim=1)
    return torch.cat([y, x, width, height], dim=1)


def _zero_biases(weights: Dict[str, Tensor],
                 pattern: str) -> Dict[str, Tensor]:
    """Biases that the other model does not have, which is a bias of 0."""
    biases = {
        key[:-len('weight')] + 'bias': value.new_zeros(len(value))
        for key, value in weights.items() if re.fullmatch(pattern, key)
    }
    return {key: bias for key, bias in biases.items() if key not in weights}
