# From scratch in minutes, in two processes on two CPU cores.
_base_ = './schedule_20e_dancetrack.py'

train_cfg = dict(max_epochs=8, val_interval=8)
optim_wrapper = dict(
    tracker=dict(
        optimizer=dict(lr=1.5e-3),
        # nothing is pretrained that a smaller rate would keep
        paramwise_cfg=dict(_delete_=True)))
param_scheduler = dict(
    tracker=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=100),
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=8,
            eta_min=1e-5,
            convert_to_iter_based=True)
    ],
    track_book=[
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=8,
            eta_min=1e-6,
            convert_to_iter_based=True)
    ])
# single frames first: detection is the slow part of learning from scratch
custom_hooks = [
    dict(type='ClipLengthHook', schedule=[(0, 1), (3, 2), (4, 3)])
]
auto_scale_lr = dict(base_batch_size=8)
