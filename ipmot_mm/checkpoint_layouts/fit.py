"""Whether a converted checkpoint suits a model, and what it leaves out."""
from typing import Any, Dict, Mapping

from torch import Tensor

from .conversion import CLASS_BRANCHES, QUERIES, Conversion
from .layout import find_reason


def find_fresh(conversion: Conversion,
               own: Mapping[str, Tensor]) -> Dict[str, str]:
    """Compare with a model: what it does not get, and why.

    Args:
        conversion (:obj:`Conversion`): Of a checkpoint.
        own (mapping[str, Tensor]): ``state_dict`` of a tracker.

    Returns:
        dict[str, str]: Key of the tracker that stays as initialised: why.

    Raises:
        ValueError: If the model is of another kind or other sizes.
    """
    for key, value in conversion.weights.items():
        if key not in own:
            raise ValueError(
                f'the model of the config has no {key}, which the checkpoint '
                f'has; {describe_model(conversion)}')
        if own[key].shape != value.shape:
            raise ValueError(
                f'{key} has shape {tuple(own[key].shape)} in the model of the '
                f'config and {tuple(value.shape)} in the checkpoint; '
                f'{describe_model(conversion)}')
    fresh = {
        key: find_reason(key, conversion.fresh)
        for key in own if key not in conversion.weights
    }
    unfilled = [key for key, reason in fresh.items() if reason is None]
    if unfilled:
        raise ValueError(
            f'the model of the config has {len(unfilled)} parameters that the '
            f'checkpoint does not fill, such as {unfilled[0]}; '
            f'{describe_model(conversion)}')
    return fresh


def describe_model(conversion: Conversion) -> str:
    """The config that a converted checkpoint asks for, in a line.

    Args:
        conversion (:obj:`Conversion`): Of a checkpoint.

    Returns:
        str: Such as ``'it asks for detector.type DABDeformableDetector,
        num_queries=300, ...'``.
    """
    weights = conversion.weights

    def count(prefix: str) -> int:
        return len({
            key[len(prefix):].split('.')[0]
            for key in weights if key.startswith(prefix)
        })

    def rows(key: str) -> Any:
        return len(weights[key]) if key in weights else 'any'

    is_dab = any('.ref_point_head.' in key for key in weights)
    kind = 'DABDeformableDetector' if is_dab else 'DeformableDetector'
    queries = next((key for key in QUERIES if key in weights), '')
    ffn = rows('detector.encoder.layers.0.ffn.layers.0.0.weight')
    text = (f'it asks for detector.type {kind}, num_queries={rows(queries)}, '
            f'{count("detector.encoder.layers.")} and '
            f'{count("detector.decoder.layers.")} layers, '
            f'feedforward_channels={ffn}, '
            f'num_feature_levels={rows("detector.level_embed")}, '
            f'num_classes={rows(CLASS_BRANCHES + "0.weight")}')
    if 'updater.memory_norm.weight' in weights:
        text += (', updater.type MemoryQueryUpdater with feedforward_channels='
                 f'{rows("updater.ffn.layers.0.weight")}')
    return text
