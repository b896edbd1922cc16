"""Which layout a checkpoint has."""
import re
from typing import Any, Dict, Mapping

from torch import Tensor

from .dab import DAB
from .deformable import DEFORMABLE
from .detrex import DETREX
from .layout import Layout
from .memotr import MEMOTR, MEMOTR_DEFORMABLE
from .mmdet import MMDET

LAYOUTS: Dict[str, Layout] = {
    layout.name: layout
    for layout in (DAB, DEFORMABLE, DETREX, MMDET, MEMOTR, MEMOTR_DEFORMABLE)
}
"""By name; the first whose markers are there is taken."""

OTHERS = {
    r'detector\..+':
    'it is a checkpoint of this package, give it to load_from as it is',
    r'(transformer\.)?decoder\.(ref_anchor_head|layers\.0\.ca_.+)\..+':
    'it looks like DAB-DETR or Conditional DETR without deformable '
    'attention, which shares only its backbone with IP-MOT',
    r'input_proj\.weight':
    'it looks like DETR or a relative with one level, which shares only its '
    'backbone with IP-MOT',
    r'(dn_query_generator\.)?label_(enc|embedding)\.weight':
    'it looks like DINO or DN-DETR, whose two-stage queries IP-MOT does not '
    'have',
    r'track_embed\..+':
    'it looks like MOTR or MOTRv2, whose updater is another one',
    r'(visual|text|transformer)\.(.+\.)?resblocks\..+':
    'it looks like CLIP: name it as model.track_book.clip.pretrained',
    r'layer4\..+':
    'it looks like a plain backbone: give it to detector.backbone.init_cfg',
}
"""Keys of models that cannot be converted: what they look like."""


def find_state_dict(checkpoint: Any) -> Dict[str, Tensor]:
    """The weights in a checkpoint file of any of the projects.

    Args:
        checkpoint (dict): What the file holds.

    Returns:
        dict[str, Tensor]: Without the prefix of a distributed training.

    Raises:
        ValueError: If there are none.
    """
    state = checkpoint
    for name in ('model', 'state_dict'):
        if isinstance(state, dict) and isinstance(state.get(name), dict):
            state = state[name]
            break
    is_state = isinstance(state, Mapping) and any(
        isinstance(value, Tensor) for value in state.values())
    if not is_state:
        found = sorted(map(str, state))[:5] if isinstance(
            state, Mapping) else type(state).__name__
        raise ValueError(
            'checkpoint has no weights under "model", "state_dict" or at the '
            f'top, found {found}; give the .pth file of a training')
    weights = {
        key: value
        for key, value in state.items() if isinstance(value, Tensor)
    }
    if all(key.startswith('module.') for key in weights):
        weights = {key[len('module.'):]: weights[key] for key in weights}
    return weights


def find_layout(state_dict: Mapping[str, Tensor]) -> Layout:
    """Recognise a checkpoint by its keys.

    Args:
        state_dict (mapping[str, Tensor]): Its weights.

    Returns:
        :obj:`Layout`: The first whose markers are there.

    Raises:
        ValueError: None, with what the keys look like.
    """
    keys = tuple(state_dict)
    hint = next((hint for pattern, hint in OTHERS.items()
                 if any(re.fullmatch(pattern, key) for key in keys)), None)
    for layout in LAYOUTS.values():
        if hint is None and layout.matches(keys):
            return layout
    parts = sorted({key.split('.')[0] for key in keys})
    raise ValueError(
        f'checkpoint has no known layout: {len(keys)} keys in '
        f'{", ".join(parts[:8])}{", ..." if len(parts) > 8 else ""}; expected '
        f'one of {", ".join(LAYOUTS)}'
        f'{"; " + hint if hint else ", see docs/checkpoints.md"}')
