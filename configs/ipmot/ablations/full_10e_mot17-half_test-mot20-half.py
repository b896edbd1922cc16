# Paper, Table 7, Align and QBS: HOTA 36.9, MOTA 48.8, IDF1 50.2, AssA 36.7.
_base_ = [
    '../../_base_/models/ipmot_dab_r50.py',
    '../../_base_/datasets/mot17_half_test_mot20_half.py',
    '../../_base_/schedules/schedule_10e_ablation.py',
    '../../_base_/default_runtime.py'
]
