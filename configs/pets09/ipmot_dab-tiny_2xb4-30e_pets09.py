# Real frames, from scratch: one camera, so no word on generalisation.
_base_ = [
    '../_base_/models/ipmot_dab_tiny.py', '../_base_/datasets/pets09.py',
    '../_base_/schedules/schedule_8e_tiny.py', '../_base_/default_runtime.py'
]

train_cfg = dict(max_epochs=30, val_interval=30)
param_scheduler = dict(
    tracker=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=100),
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=30,
            eta_min=1e-5,
            convert_to_iter_based=True)
    ],
    track_book=[
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=30,
            eta_min=1e-6,
            convert_to_iter_based=True)
    ])
custom_hooks = [
    dict(type='ClipLengthHook', schedule=[(0, 1), (16, 2), (22, 3)])
]
