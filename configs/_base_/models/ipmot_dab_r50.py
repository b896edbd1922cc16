# IP-MOT on DAB-Deformable-DETR with ResNet-50 (paper, Section 4.2).
model = dict(
    type='IPMOT',
    data_preprocessor=dict(
        type='mmdet.TrackDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=32,
        # from pinned memory, while the GPU works on what is there
        non_blocking=True),
    detector=dict(
        type='DABDeformableDetector',
        num_queries=300,
        num_feature_levels=4,
        backbone=dict(
            type='mmdet.ResNet',
            depth=50,
            num_stages=4,
            out_indices=(1, 2, 3),
            frozen_stages=1,
            norm_cfg=dict(type='ipmot_mm.FrozenBN', requires_grad=False),
            norm_eval=True,
            style='pytorch'),
        neck=dict(
            type='mmdet.ChannelMapper',
            in_channels=[512, 1024, 2048],
            kernel_size=1,
            out_channels=256,
            act_cfg=None,
            # the official weights have a bias before the group norm
            bias=True,
            norm_cfg=dict(type='GN', num_groups=32),
            num_outs=4),
        positional_encoding=dict(
            num_feats=128, normalize=True, offset=-0.5, temperature=10000),
        encoder=dict(
            type='DeformableEncoder',
            num_layers=6,
            layer_cfg=dict(
                self_attn_cfg=dict(embed_dims=256, num_heads=8, num_levels=4),
                ffn_cfg=dict(embed_dims=256, feedforward_channels=2048))),
        decoder=dict(
            type='DABDeformableDecoder',
            num_layers=6,
            # track queries join after it: 5 joint layers, L of Table 5
            num_detect_only_layers=1,
            layer_cfg=dict(
                self_attn_cfg=dict(embed_dims=256, num_heads=8),
                cross_attn_cfg=dict(embed_dims=256, num_heads=8, num_levels=4),
                ffn_cfg=dict(embed_dims=256, feedforward_channels=2048))),
        bbox_head=dict(type='TrackHead', num_classes=1, joint_dims=512)),
    updater=dict(type='QueryUpdater', embed_dims=256),
    dedup=dict(type='DeduplicationModule', embed_dims=256),  # Section 3.4
    assigner=dict(
        type='ClipAssigner',
        policy='qbs',  # Section 3.3
        track_score_thr=0.5,  # tau, Section 4.2
        false_positives=dict(type='FalsePositiveSpawner', score_thr=0.5)),
    tracker=dict(
        type='QueryTracker',
        track_score_thr=0.5,  # tau, Section 4.2
        newborn_score_thr=0.5,
        output_score_thr=0.5,
        miss_tolerance=15),
    clip_loss=dict(
        type='ClipAverageLoss',
        cls_weight=2.0,  # lambda_cls, Section 4.2
        bbox_weight=5.0,  # lambda_l1, Section 4.2
        iou_weight=2.0,  # lambda_giou, Section 4.2
        dedup=dict(type='DeduplicationLoss', loss_weight=2.0),
        triplet=dict(
            type='BatchHardTripletLoss',
            margin=0.3,  # alpha, Section 4.2
            loss_weight=2.0),  # lambda_tri, Section 4.2
        image_to_text=dict(
            type='ImageToTextLoss',
            label_smoothing=0.1,
            loss_weight=4.0),  # lambda_i2tce, Section 4.2
        align_layers=5),  # L, Table 5
    track_book=dict(
        type='TrackBookHead',
        # ViT-B/16 on crops of 128 x 256 (width x height), Section 4.2
        clip=dict(
            model_name='ViT-B-16-quickgelu',
            pretrained='openai',
            image_size=(256, 128)),
        template='A photo of a {} person.',  # Section 3.2
        num_context_tokens=4))  # M, Table 4
