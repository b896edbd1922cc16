"""Both detectors as detrex names them, on its backbone of detectron2."""
from .layout import Layout
from .official_keys import (ANCHOR_KEYS, BRANCH_KEYS, PROPOSALS, REPEATED,
                            UPDATER)

_STAGES = {
    # res2 of detectron2 is layer1 of torchvision
    fr'backbone\.res{stage + 1}\.(\d+)\.{theirs}':
    fr'detector.backbone.layer{stage}.\1.{ours}'
    for stage in (1, 2, 3, 4) for theirs, ours in (
        (r'conv([123])\.norm\.(.+)', r'bn\2.\3'),
        (r'conv([123])\.(weight)', r'conv\2.\3'),
        (r'shortcut\.norm\.(.+)', r'downsample.1.\2'),
        (r'shortcut\.(weight)', r'downsample.0.\2'))
}

DETREX = Layout(
    name='detrex',
    source='IDEA-Research/detrex, projects/dab_deformable_detr/modeling '
    '@f18df41, projects/deformable_detr/modeling @0951541, detrex/modeling/'
    'neck/channel_mapper.py @13d7cd3; projects/deformable_detr/converter.py '
    '@293e9c7 relates its names to the official ones',
    markers=(r'neck\.convs\.0\.conv\.weight', r'transformer\.level_embeds'),
    keys={
        r'backbone\.stem\.conv1\.norm\.(.+)': r'detector.backbone.bn1.\1',
        r'backbone\.stem\.conv1\.(weight)': r'detector.backbone.conv1.\1',
        **_STAGES,
        r'neck\.(convs|extra_convs)\.(\d+)\.conv\.(.+)':
        r'detector.neck.\1.\2.conv.\3',
        r'neck\.(convs|extra_convs)\.(\d+)\.norm\.(.+)':
        r'detector.neck.\1.\2.gn.\3',
        r'transformer\.level_embeds': r'detector.level_embed',
        r'transformer\.(encoder|decoder)\.layers\.(\d+)\.ffns\.0\.(.+)':
        r'detector.\1.layers.\2.ffn.\3',
        # norms stand in the order of the operations, as here
        r'transformer\.(encoder|decoder)\.layers\.(\d+)\.norms\.(.+)':
        r'detector.\1.layers.\2.norms.\3',
        r'transformer\.encoder\.layers\.(\d+)\.attentions\.0\.(.+)':
        r'detector.encoder.layers.\1.self_attn.\2',
        r'transformer\.decoder\.layers\.(\d+)\.attentions\.0\.attn\.(.+)':
        r'detector.decoder.layers.\1.self_attn.attn.\2',
        r'transformer\.decoder\.layers\.(\d+)\.attentions\.1\.(.+)':
        r'detector.decoder.layers.\1.cross_attn.\2',
        **ANCHOR_KEYS,
        **BRANCH_KEYS,
        r'tgt_embed\.weight': r'detector.query_content.weight',
        r'refpoint_embed\.weight': r'detector.query_anchor.weight',
        r'query_embedding\.weight': r'detector.query_embedding.weight',
        r'transformer\.reference_points\.(.+)':
        r'detector.reference_points_fc.\1',
    },
    dropped={
        **REPEATED,
        **PROPOSALS,
        r'criterion\..+': 'belongs to the losses of detrex',
        r'pixel_(mean|std)': 'the data preprocessor has its own',
    },
    fresh=UPDATER)
