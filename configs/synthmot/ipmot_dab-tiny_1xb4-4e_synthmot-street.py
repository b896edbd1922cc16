_base_ = [
    '../_base_/models/ipmot_dab_tiny.py', '../_base_/datasets/synthmot.py',
    '../_base_/schedules/schedule_20e_dancetrack.py',
    '../_base_/default_runtime.py'
]

train_cfg = dict(max_epochs=10, val_interval=10)
train_dataloader = dict(batch_size=4)
optim_wrapper = dict(
    tracker=dict(
        optimizer=dict(lr=1e-3),
        # from scratch: nothing is pretrained that a smaller rate would keep
        paramwise_cfg=dict(_delete_=True)))
param_scheduler = dict(
    tracker=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=100),
        dict(type='MultiStepLR', by_epoch=True, milestones=[8], gamma=0.1)
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
    dict(type='ClipLengthHook', schedule=[(0, 2), (5, 3)])
]
auto_scale_lr = dict(base_batch_size=4)
