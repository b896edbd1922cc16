# Ablations: 10 epochs (paper, Section 4.5).
_base_ = './schedule_20e_dancetrack.py'

train_cfg = dict(max_epochs=10, val_interval=10)
# the paper is silent on the drop; half of the epochs, as on DanceTrack
param_scheduler = dict(
    tracker=[
        dict(type='MultiStepLR', by_epoch=True, milestones=[5], gamma=0.1)
    ],
    track_book=[
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=10,
            eta_min=1e-6,
            convert_to_iter_based=True)
    ])
custom_hooks = [
    dict(type='ClipLengthHook', schedule=[(0, 2), (3, 3), (5, 4), (8, 5)])
]
