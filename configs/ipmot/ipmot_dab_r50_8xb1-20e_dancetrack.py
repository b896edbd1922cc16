# Paper, Table 1 (DanceTrack test): HOTA 61.9, MOTA 88.2, DetA 79.0, AssA 48.7,
# IDF1 62.0.
_base_ = [
    '../_base_/models/ipmot_dab_r50.py', '../_base_/datasets/dancetrack.py',
    '../_base_/schedules/schedule_20e_dancetrack.py',
    '../_base_/default_runtime.py'
]

model = dict(tracker=dict(miss_tolerance=30))
