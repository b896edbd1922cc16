"""DAB-Deformable-DETR, the detector of IP-MOT."""
from .layout import Layout
from .official_keys import (ANCHOR_KEYS, BRANCH_KEYS, INPUT_KEYS, PROPOSALS,
                            REPEATED, TRANSFORMER_KEYS, UPDATER)

DAB = Layout(
    name='dab',
    source='IDEA-Research/DAB-DETR @723ddb8, models/dab_deformable_detr/'
    'dab_deformable_detr.py:69-139 and deformable_transformer.py',
    markers=(r'input_proj\.0\.0\.weight',
             r'transformer\.decoder\.ref_point_head\..+'),
    keys={
        **INPUT_KEYS,
        **TRANSFORMER_KEYS,
        **ANCHOR_KEYS,
        **BRANCH_KEYS,
        r'tgt_embed\.weight': r'detector.query_content.weight',
        r'refpoint_embed\.weight': r'detector.query_anchor.weight',
    },
    dropped={
        **REPEATED,
        **PROPOSALS
    },
    fresh=UPDATER)
