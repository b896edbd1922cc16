custom_imports = dict(imports=['ipmot_mm'], allow_failed_imports=False)
default_scope = 'ipmot_mm'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=3),
    # within an epoch, in iterations
    recovery=dict(type='RecoveryCheckpointHook', interval=1000),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    track_book=dict(type='TrackBookHook'),
    training_data=dict(type='TrainingDataHook'),
    class_check=dict(type='ClassCheckHook'),
    progress=dict(type='ProgressBarHook', only_in_terminal=True),
    visualization=dict(type='TrackVideoHook', enable=False))

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    # a rank may score a long video while the others wait
    dist_cfg=dict(backend='nccl', timeout=7200))
model_wrapper_cfg = dict(
    # with its scope: mmengine looks this one up without the default scope
    type='ipmot_mm.IPMOTDistributedDataParallel',
    # a clip without any track leaves the updater without gradient
    find_unused_parameters=True,
    broadcast_buffers=False)

vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(
    type='Visualizer', vis_backends=vis_backends, name='visualizer')
log_processor = dict(type='LogProcessor', window_size=50, by_epoch=True)
log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=42)
