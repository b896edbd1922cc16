"""Deformable DETR, the detector of IP-MOT*."""
from .layout import Layout
from .official_keys import (BRANCH_KEYS, INPUT_KEYS, PROPOSALS, REPEATED,
                            TRANSFORMER_KEYS, UPDATER)

DEFORMABLE = Layout(
    name='deformable',
    source='fundamentalvision/Deformable-DETR @11169a6, '
    'models/deformable_detr.py and models/deformable_transformer.py',
    markers=(r'input_proj\.0\.0\.weight',
             r'transformer\.(reference_points|pos_trans)\.weight'),
    keys={
        **INPUT_KEYS,
        **TRANSFORMER_KEYS,
        **BRANCH_KEYS,
        # position before content, as here
        r'query_embed\.weight': r'detector.query_embedding.weight',
        r'transformer\.reference_points\.(.+)':
        r'detector.reference_points_fc.\1',
    },
    dropped={
        **REPEATED,
        **PROPOSALS
    },
    fresh=UPDATER)
