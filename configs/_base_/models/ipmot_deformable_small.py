# The small model on the plain Deformable DETR.
_base_ = './ipmot_dab_small.py'

model = dict(
    detector=dict(
        _delete_=True,
        type='DeformableDetector',
        num_queries={{_base_.model.detector.num_queries}},
        num_feature_levels={{_base_.model.detector.num_feature_levels}},
        backbone={{_base_.model.detector.backbone}},
        neck={{_base_.model.detector.neck}},
        positional_encoding={{_base_.model.detector.positional_encoding}},
        encoder={{_base_.model.detector.encoder}},
        decoder=dict(
            type='DeformableDecoder',
            num_layers={{_base_.model.detector.decoder.num_layers}},
            num_detect_only_layers=1,
            layer_cfg={{_base_.model.detector.decoder.layer_cfg}}),
        bbox_head={{_base_.model.detector.bbox_head}}),
    updater=dict(type='PositionalQueryUpdater'))
