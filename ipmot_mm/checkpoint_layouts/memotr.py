"""MeMOTR: the detector, with anchors or without, and the updater."""
from .layout import Layout
from .official_keys import (ANCHOR_KEYS, BACKBONE, BRANCH_KEYS, REPEATED,
                            TRANSFORMER_KEYS)

_SOURCE = ('MCG-NJU/MeMOTR, models/memotr.py @a2f9d1b (MeMOTR.__init__, '
           'load_pretrained_model of models/utils.py @a64d0c1 for the names '
           'of the detector), models/query_updater.py @a2f9d1b '
           '(QueryUpdater.__init__ and update_tracks_embedding)')

_KEYS = {
    r'backbone\.backbone\.backbone\.(.+)': BACKBONE,
    r'feature_projs\.([012])\.0\.(.+)': r'detector.neck.convs.\1.conv.\2',
    r'feature_projs\.([012])\.1\.(.+)': r'detector.neck.convs.\1.gn.\2',
    r'feature_projs\.3\.0\.(.+)': r'detector.neck.extra_convs.0.conv.\1',
    r'feature_projs\.3\.1\.(.+)': r'detector.neck.extra_convs.0.gn.\1',
    **TRANSFORMER_KEYS,
    **BRANCH_KEYS,
    r'query_updater\.confidence_weight_net\.0\.(.+)':
    r'updater.confidence.\1',
    r'query_updater\.short_memory_fusion\.(.+)': r'updater.fusion.\1',
    r'query_updater\.memory_attn\.(.+)': r'updater.self_attn.\1',
    r'query_updater\.memory_norm\.(.+)': r'updater.attn_norm.\1',
    r'query_updater\.memory_ffn\.linear1\.(.+)': r'updater.ffn.layers.0.\1',
    r'query_updater\.memory_ffn\.linear2\.(.+)': r'updater.ffn.layers.1.\1',
    r'query_updater\.memory_ffn\.norm\.(.+)': r'updater.ffn_norm.\1',
    r'query_updater\.query_feat_norm\.(.+)': r'updater.memory_norm.\1',
    r'query_updater\.query_feat_ffn\.linear1\.(.+)':
    r'updater.content_ffn.layers.0.\1',
    r'query_updater\.query_feat_ffn\.linear2\.(.+)':
    r'updater.content_ffn.layers.1.\1',
    r'query_updater\.query_feat_ffn\.norm\.(.+)': r'updater.content_norm.\1',
    r'query_updater\.query_pos_head\.(.+)': r'updater.pos_head.\1',
}
_MARKER = r'feature_projs\.0\.0\.weight'
# Its pos_to_pos_embed (models/utils.py @a64d0c1) encodes x before y, unlike
# DAB-DETR, from whose weights it starts.
_POS_HEAD = 'updater.pos_head.layers.0.weight'

MEMOTR = Layout(
    name='memotr',
    source=_SOURCE,
    markers=(_MARKER, r'det_anchor'),
    keys={
        **_KEYS,
        **ANCHOR_KEYS,
        r'det_anchor': r'detector.query_anchor.weight',
        r'det_query_embed': r'detector.query_content.weight',
    },
    dropped=REPEATED,
    x_before_y=('detector.decoder.ref_point_head.layers.0.weight', _POS_HEAD))

MEMOTR_DEFORMABLE = Layout(
    name='memotr-deformable',
    source=_SOURCE,
    markers=(_MARKER, r'transformer\.reference_points\.weight'),
    keys={
        **_KEYS,
        # position before content, as here
        r'det_query_embed': r'detector.query_embedding.weight',
        r'transformer\.reference_points\.(.+)':
        r'detector.reference_points_fc.\1',
    },
    dropped={
        **REPEATED,
        r'query_updater\.(linear_pos[12]|norm_pos)\..+':
        'moves the position part of a track, which MemoryQueryUpdater leaves '
        'as it is',
    },
    x_before_y=(_POS_HEAD, ))
