# DanceTrack: 20 epochs, learning rate / 10 after 10 (paper, Section 4.2).
train_cfg = dict(type='ResumableTrainLoop', max_epochs=20, val_interval=5)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    constructor='AlternatingOptimWrapperConstructor',
    tracker=dict(
        type='OptimWrapper',
        optimizer=dict(
            type='AdamW',
            lr=2e-4,  # Section 4.2
            weight_decay=1e-4),
        clip_grad=dict(max_norm=0.1, norm_type=2),
        paramwise_cfg=dict(
            custom_keys={
                'backbone': dict(lr_mult=0.1),
                'sampling_offsets': dict(lr_mult=0.1),
                'reference_points': dict(lr_mult=0.1)
            })),
    track_book=dict(
        type='OptimWrapper',
        optimizer=dict(
            type='RowwiseAdamW',
            lr=3.5e-4,  # Section 4.2
            weight_decay=1e-4)))
param_scheduler = dict(
    tracker=[
        dict(type='MultiStepLR', by_epoch=True, milestones=[10], gamma=0.1)
    ],
    track_book=[
        dict(
            type='CosineAnnealingLR',  # Section 4.2
            by_epoch=True,
            T_max=20,
            eta_min=1e-6,
            convert_to_iter_based=True)
    ])
# the paper is silent; MOTR's schedule for the same 20 epochs
custom_hooks = [
    dict(type='ClipLengthHook', schedule=[(0, 2), (5, 3), (9, 4), (15, 5)])
]
# 8 GPUs, one clip each (Section 4.2)
auto_scale_lr = dict(base_batch_size=8)
