"""Deformable DETR of mmdet 3.x, after which the detectors here are named.

mmdet has no DAB-Deformable-DETR. Its ``DABDETR`` attends to one level without
deformable attention and shares nothing but the backbone.
"""
from .layout import Layout
from .official_keys import UPDATER

MMDET = Layout(
    name='mmdet',
    source='open-mmlab/mmdetection v3.3.0, mmdet/models/detectors/'
    'deformable_detr.py and mmdet/models/dense_heads/deformable_detr_head.py',
    markers=(r'bbox_head\.cls_branches\.0\.weight', r'level_embed',
             r'decoder\.layers\.0\.cross_attn\.sampling_offsets\.weight'),
    keys={
        r'backbone\.(.+)': r'detector.backbone.\1',
        r'neck\.(convs|extra_convs)\.(.+)': r'detector.neck.\1.\2',
        r'level_embed': r'detector.level_embed',
        r'(encoder|decoder)\.layers\.(.+)': r'detector.\1.layers.\2',
        r'bbox_head\.(cls|reg)_branches\.(.+)':
        r'detector.bbox_head.\1_branches.\2',
        r'query_embedding\.weight': r'detector.query_embedding.weight',
        r'reference_points_fc\.(.+)': r'detector.reference_points_fc.\1',
    },
    dropped={
        r'(memory|pos)_trans_(fc|norm)\..+':
        'makes queries of the proposals of a two-stage detector',
        r'data_preprocessor\..+': 'the config of the tracker has its own',
    },
    fresh=UPDATER,
    # mmdet's configs have no bias before a group norm, ours have
    zero_biases=r'detector\.neck\.(extra_)?convs\.\d+\.conv\.weight')
