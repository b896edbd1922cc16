# Align and QBS (paper, Table 7, last row) on the small model, trained on
# street from the detector of ../detector_dab-small_1xb16-24e_synthmot-world.py
_base_ = [
    '../../_base_/models/ipmot_dab_small.py',
    '../../_base_/datasets/synthmot_study.py',
    '../../_base_/schedules/schedule_2e_study.py',
    '../../_base_/default_runtime.py'
]

# The deduplication module starts from nothing beside a trained detector, and
# QBS is worth what the module knows (docs/evidence.md).
optim_wrapper = dict(
    tracker=dict(
        paramwise_cfg=dict(custom_keys=dict(dedup=dict(lr_mult=3.0)))))
load_from = 'checkpoints/dab_small_world.pth'
