# The quickstart: from scratch, in minutes, in two processes on two CPU cores.
_base_ = [
    '../_base_/models/ipmot_dab_tiny.py', '../_base_/datasets/synthmot.py',
    '../_base_/schedules/schedule_20e_dancetrack.py',
    '../_base_/default_runtime.py'
]

train_cfg = dict(max_epochs=13, val_interval=13)
# reading such small frames costs less than a process that does it
train_dataloader = dict(
    batch_size=4, num_workers=0, persistent_workers=False)
val_dataloader = dict(num_workers=0, persistent_workers=False)
test_dataloader = dict(num_workers=0, persistent_workers=False)
optim_wrapper = dict(
    tracker=dict(
        optimizer=dict(lr=1e-3),
        # from scratch: nothing is pretrained that a smaller rate would keep
        paramwise_cfg=dict(_delete_=True)))
param_scheduler = dict(
    tracker=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=100),
        dict(type='MultiStepLR', by_epoch=True, milestones=[11], gamma=0.1)
    ],
    track_book=[
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=13,
            eta_min=1e-6,
            convert_to_iter_based=True)
    ])
# single frames first: detection is the slow part of learning from scratch
custom_hooks = [
    dict(type='ClipLengthHook', schedule=[(0, 1), (8, 2), (11, 3)])
]
auto_scale_lr = dict(base_batch_size=8)
