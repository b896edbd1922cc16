# Two passes over street, from a pretrained detector, in about two minutes of
# one CPU core: pairs of frames, then clips of four.
_base_ = './schedule_20e_dancetrack.py'

train_cfg = dict(max_epochs=2, val_interval=1000)
optim_wrapper = dict(
    tracker=dict(
        optimizer=dict(lr=1.5e-3, betas=(0.9, 0.99)),
        paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1)))),
    # ten times the paper's, for a hundredth of its iterations
    track_book=dict(optimizer=dict(lr=3.5e-3)))
param_scheduler = dict(
    tracker=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=20),
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=2,
            eta_min=1e-5,
            convert_to_iter_based=True)
    ],
    track_book=[
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=2,
            eta_min=1e-6,
            convert_to_iter_based=True)
    ])
custom_hooks = [dict(type='ClipLengthHook', schedule=[(0, 2), (1, 4)])]
auto_scale_lr = dict(base_batch_size=8)
