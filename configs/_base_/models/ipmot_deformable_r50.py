# IP-MOT* on the plain Deformable DETR (paper, Section 4.2 and Table 1).
_base_ = './ipmot_dab_r50.py'

model = dict(
    detector=dict(
        type='DeformableDetector',
        encoder=dict(layer_cfg=dict(ffn_cfg=dict(feedforward_channels=1024))),
        decoder=dict(
            type='DeformableDecoder',
            layer_cfg=dict(ffn_cfg=dict(feedforward_channels=1024)))),
    updater=dict(type='PositionalQueryUpdater'))
