# Align without QBS (paper, Tables 4 to 7).
_base_ = [
    '../../_base_/models/ipmot_dab_small.py',
    '../../_base_/datasets/synthmot_study.py',
    '../../_base_/schedules/schedule_2e_study.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    dedup=None, assigner=dict(policy='tala'), clip_loss=dict(dedup=None))
load_from = 'checkpoints/dab_small_world.pth'
