# Align and QBS (paper, Table 7, last row) on the small model, trained on
# street from the detector of ../detector_dab-small_1xb16-24e_synthmot-world.py
_base_ = [
    '../../_base_/models/ipmot_dab_small.py',
    '../../_base_/datasets/synthmot_study.py',
    '../../_base_/schedules/schedule_2e_study.py',
    '../../_base_/default_runtime.py'
]

load_from = 'work_dirs/pretrain/dab_small_world.pth'
