# MOT17 and CrowdHuman: 120 epochs, learning rate / 10 after 60 (Section 4.2).
_base_ = './schedule_20e_dancetrack.py'

train_cfg = dict(max_epochs=120, val_interval=20)
param_scheduler = dict(
    tracker=[
        dict(type='MultiStepLR', by_epoch=True, milestones=[60], gamma=0.1)
    ],
    track_book=[
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=120,
            eta_min=1e-6,
            convert_to_iter_based=True)
    ])
# the paper is silent; MOTR's lengths for 200 epochs, scaled to 120
custom_hooks = [
    dict(type='ClipLengthHook', schedule=[(0, 2), (30, 3), (54, 4), (90, 5)])
]
