# IP-MOT small enough to learn from scratch on a laptop: ResNet-18 of width 16,
# strides 8 and 16, one encoder and three decoder layers, and a tiny CLIP with
# random weights, since none can be downloaded everywhere.
_base_ = './ipmot_dab_r50.py'

# Scores rise slowly from scratch: with the paper's 0.5 in training, too, few
# tracks would move their anchor at first.
score_thr = 0.4
model = dict(
    detector=dict(
        num_queries=20,
        content_std=0.01,
        num_feature_levels=2,
        backbone=dict(
            _delete_=True,
            type='mmdet.ResNet',
            depth=18,
            base_channels=16,
            num_stages=3,
            strides=(1, 2, 2),
            dilations=(1, 1, 1),
            out_indices=(1, 2),
            norm_cfg=dict(type='BN', requires_grad=True),
            style='pytorch'),
        neck=dict(
            in_channels=[32, 64],
            out_channels=64,
            norm_cfg=dict(num_groups=8),
            num_outs=2),
        positional_encoding=dict(num_feats=32),
        encoder=dict(
            num_layers=1,
            layer_cfg=dict(
                self_attn_cfg=dict(embed_dims=64, num_heads=4, num_levels=2),
                ffn_cfg=dict(embed_dims=64, feedforward_channels=256))),
        decoder=dict(
            num_layers=3,
            layer_cfg=dict(
                self_attn_cfg=dict(embed_dims=64, num_heads=4),
                cross_attn_cfg=dict(embed_dims=64, num_heads=4, num_levels=2),
                ffn_cfg=dict(embed_dims=64, feedforward_channels=256))),
        bbox_head=dict(joint_dims=64)),
    updater=dict(
        embed_dims=64,
        num_heads=4,
        feedforward_channels=256,
        update_score_thr=score_thr),
    # in so short a training the module needs every hint there is
    dedup=dict(
        embed_dims=64, num_heads=4, with_pos=True, with_type_embed=True),
    assigner=dict(
        # boxes are rough at first; the identity of a rough one is kept, since
        # a track without it must learn to be background where a person stands
        iou_thr=0.0,
        # else "there are tracks" would mean "there are no newborns"
        track_drop_prob=0.2,
        track_score_thr=score_thr,
        false_positives=dict(score_thr=score_thr)),
    # one person of SynthMOT may have 16 x 6 pixels
    tracker=dict(min_area=64.0),
    # From scratch, the paper's weights (2 and 4, for a detector pretrained on
    # COCO) let the alignment decide the direction of every step.
    clip_loss=dict(
        triplet=dict(loss_weight=0.5),
        image_to_text=dict(loss_weight=1.0),
        align_layers=2),
    track_book=dict(
        clip=dict(
            _delete_=True,
            pretrained=None,
            seed=0,
            model_cfg=dict(
                embed_dim=64,
                vision_cfg=dict(
                    image_size=(64, 32),
                    patch_size=8,
                    width=64,
                    head_width=32,
                    layers=2),
                text_cfg=dict(
                    context_length=77,
                    vocab_size=49408,
                    width=64,
                    heads=2,
                    layers=2))),
        max_crops=32,
        # the persons of a small image are small too
        min_crop_size=(3, 6)))
