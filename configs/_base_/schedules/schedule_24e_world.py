# Detection from scratch, on single images, in less than half an hour.
_base_ = './schedule_8e_tiny.py'

train_cfg = dict(max_epochs=24, val_interval=100)
optim_wrapper = dict(tracker=dict(optimizer=dict(betas=(0.9, 0.99))))
param_scheduler = dict(
    tracker=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=100),
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=24,
            eta_min=1e-5,
            convert_to_iter_based=True)
    ])
custom_hooks = []
auto_scale_lr = dict(base_batch_size=16)
