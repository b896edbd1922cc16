# The quickstart: from the detector of checkpoints/, trained in the domain
# street in two processes, tested there and, by --cfg-options, in the domains
# crowd and dance. Clips of up to eight frames, as in the study "longer".
_base_ = './ablations/full_1xb8-2e_synthmot-street.py'

max_epochs = 4
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(tracker=dict(optimizer=dict(lr=1e-3)))
param_scheduler = dict(
    tracker=[
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=20),
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=max_epochs,
            eta_min=1e-5,
            convert_to_iter_based=True)
    ],
    track_book=[
        dict(
            type='CosineAnnealingLR',
            by_epoch=True,
            T_max=max_epochs,
            eta_min=1e-6,
            convert_to_iter_based=True)
    ])
custom_hooks = [
    dict(type='ClipLengthHook', schedule=[(0, 2), (1, 3), (2, 5), (3, 8)])
]
train_dataloader = dict(batch_size=2)
auto_scale_lr = dict(base_batch_size=4)
