# Real frames, from scratch: one camera, so no word on generalisation.
_base_ = [
    '../_base_/models/ipmot_dab_tiny.py', '../_base_/datasets/pets09.py',
    '../_base_/schedules/schedule_8e_tiny.py', '../_base_/default_runtime.py'
]

train_cfg = dict(max_epochs=60, val_interval=60)
param_scheduler = dict(
    tracker=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=100),
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=60,
            eta_min=1e-5,
            convert_to_iter_based=True)
    ],
    track_book=[
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=60,
            eta_min=1e-6,
            convert_to_iter_based=True)
    ])
custom_hooks = [
    dict(type='ClipLengthHook', schedule=[(0, 1), (40, 2), (52, 3)])
]
