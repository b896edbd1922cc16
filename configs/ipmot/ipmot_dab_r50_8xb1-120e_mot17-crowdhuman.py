# Paper, Table 2 (MOT17 test): MOTA 73.2, IDF1 69.6, HOTA 58.2, AssA 56.4,
# DetA 60.4, IDS 1896.
_base_ = [
    '../_base_/models/ipmot_dab_r50.py',
    '../_base_/datasets/mot17_crowdhuman.py',
    '../_base_/schedules/schedule_120e_mot17.py',
    '../_base_/default_runtime.py'
]
