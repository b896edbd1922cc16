# The row "full" of configs/synthmot/ablations, in mmtrack's scope and on its
# data sets, transforms, samplers, hooks and metric.
_base_ = [
    '../_base_/models/ipmot_dab_small.py', './_base_/synthmot_cocovid.py',
    '../_base_/schedules/schedule_2e_study.py', './_base_/mmtrack_runtime.py'
]

# what is built inside of the model is looked up where it is at home
model = dict(_scope_='ipmot_mm', track_book=dict(_scope_='ipmot_mm'))
train_cfg = dict(type='ipmot_mm.ResumableTrainLoop', val_interval=1)
optim_wrapper = dict(
    constructor='ipmot_mm.AlternatingOptimWrapperConstructor',
    tracker=dict(
        type='ipmot_mm.OptimWrapper',
        paramwise_cfg=dict(custom_keys=dict(dedup=dict(lr_mult=3.0)))),
    track_book=dict(
        type='ipmot_mm.OptimWrapper',
        optimizer=dict(type='ipmot_mm.RowwiseAdamW')))
custom_hooks = [
    dict(type='ipmot_mm.ClipLengthHook', schedule=[(0, 2), (1, 4)])
]
load_from = 'checkpoints/dab_small_world.pth'
