# Where all studies of SynthMOT test: the domain of the training, and two that
# the training never saw.
root = '{{$IPMOT_SYNTHMOT:data/synthmot-study}}'
tests = dict(
    street=f'{root}/street/val',
    crowd=f'{root}/crowd/val',
    dance=f'{root}/dance/val')
same_domain = ['street']
cross_domain = ['crowd', 'dance']
prepare = 'bash tools/prepare_study.sh'
prerequisites = dict(
    clip=dict(
        command=prepare, creates='work_dirs/pretrain/clip_tiny_world.pt'),
    deformable=dict(
        command=prepare,
        creates='work_dirs/pretrain/deformable_small_world.pth'))
scales = dict(
    cpu={},
    # six times the iterations, longer clips; not tried yet
    gpu={
        'train_cfg.max_epochs': 12,
        'param_scheduler.tracker.1.T_max': 12,
        'param_scheduler.track_book.0.T_max': 12,
        'custom_hooks.0.schedule': [(0, 2), (3, 3), (5, 4), (8, 5)],
        'train_dataloader.num_workers': 4,
        'train_dataloader.persistent_workers': True
    })
