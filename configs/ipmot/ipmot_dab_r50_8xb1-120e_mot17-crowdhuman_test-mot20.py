# Paper, Table 3 (MOT20 train, never seen in training): MOTA 68.3, IDF1 62.5,
# HOTA 49.2, AssA 44.6, DetA 55.3.
_base_ = [
    '../_base_/models/ipmot_dab_r50.py',
    '../_base_/datasets/mot17_crowdhuman_test_mot20.py',
    '../_base_/schedules/schedule_120e_mot17.py',
    '../_base_/default_runtime.py'
]
