"""What the official repositories of the Deformable DETR family share."""
BACKBONE = r'detector.backbone.\1'

TRANSFORMER_KEYS = {
    r'transformer\.level_embed':
    r'detector.level_embed',
    r'transformer\.(encoder|decoder)\.layers\.(\d+)\.linear1\.(.+)':
    r'detector.\1.layers.\2.ffn.layers.0.0.\3',
    r'transformer\.(encoder|decoder)\.layers\.(\d+)\.linear2\.(.+)':
    r'detector.\1.layers.\2.ffn.layers.1.\3',
    r'transformer\.encoder\.layers\.(\d+)\.self_attn\.(.+)':
    r'detector.encoder.layers.\1.self_attn.\2',
    r'transformer\.encoder\.layers\.(\d+)\.norm1\.(.+)':
    r'detector.encoder.layers.\1.norms.0.\2',
    r'transformer\.encoder\.layers\.(\d+)\.norm2\.(.+)':
    r'detector.encoder.layers.\1.norms.1.\2',
    r'transformer\.decoder\.layers\.(\d+)\.self_attn\.(.+)':
    r'detector.decoder.layers.\1.self_attn.attn.\2',
    r'transformer\.decoder\.layers\.(\d+)\.cross_attn\.(.+)':
    r'detector.decoder.layers.\1.cross_attn.\2',
    # norm2 follows the self-attention, norm1 the cross-attention
    r'transformer\.decoder\.layers\.(\d+)\.norm2\.(.+)':
    r'detector.decoder.layers.\1.norms.0.\2',
    r'transformer\.decoder\.layers\.(\d+)\.norm1\.(.+)':
    r'detector.decoder.layers.\1.norms.1.\2',
    r'transformer\.decoder\.layers\.(\d+)\.norm3\.(.+)':
    r'detector.decoder.layers.\1.norms.2.\2',
}
"""Encoder and decoder."""

BRANCH_KEYS = {
    r'class_embed\.(\d+)\.(.+)': r'detector.bbox_head.cls_branches.\1.\2',
    r'bbox_embed\.(\d+)\.layers\.0\.(.+)':
    r'detector.bbox_head.reg_branches.\1.0.\2',
    r'bbox_embed\.(\d+)\.layers\.1\.(.+)':
    r'detector.bbox_head.reg_branches.\1.2.\2',
    r'bbox_embed\.(\d+)\.layers\.2\.(.+)':
    r'detector.bbox_head.reg_branches.\1.4.\2',
}
"""Class and box branches of each layer."""

INPUT_KEYS = {
    r'backbone\.0\.body\.(.+)': BACKBONE,
    r'input_proj\.([012])\.0\.(.+)': r'detector.neck.convs.\1.conv.\2',
    r'input_proj\.([012])\.1\.(.+)': r'detector.neck.convs.\1.gn.\2',
    r'input_proj\.3\.0\.(.+)': r'detector.neck.extra_convs.0.conv.\1',
    r'input_proj\.3\.1\.(.+)': r'detector.neck.extra_convs.0.gn.\1',
}
"""Backbone and projections, under the names of the two detectors."""

ANCHOR_KEYS = {
    r'transformer\.decoder\.(query_scale|ref_point_head)\.(.+)':
    r'detector.decoder.\1.\2',
}
"""What DAB adds to the decoder."""

REPEATED = {
    r'transformer\.decoder\.(bbox|class)_embed\..+':
    'stored twice, and taken from the other place',
}
"""Branches that the decoder refers to, which ``state_dict`` lists again."""

PROPOSALS = {
    r'transformer\.(enc_output|enc_outpout|pos_trans)(_norm)?\..+':
    'makes queries of the proposals of a two-stage detector',
}
"""Layers of the first stage; detrex writes ``enc_outpout_norm``."""

UPDATER = {
    r'updater\..+': 'carries tracks from frame to frame, no detector has it',
}
"""What a detector alone leaves to be learned."""
