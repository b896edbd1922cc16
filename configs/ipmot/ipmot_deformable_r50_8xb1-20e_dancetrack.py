# IP-MOT*, paper, Table 1 (DanceTrack test): HOTA 59.5, MOTA 84.5, DetA 76.0,
# AssA 46.7, IDF1 60.4.
_base_ = [
    '../_base_/models/ipmot_deformable_r50.py',
    '../_base_/datasets/dancetrack.py',
    '../_base_/schedules/schedule_20e_dancetrack.py',
    '../_base_/default_runtime.py'
]

model = dict(tracker=dict(miss_tolerance=30))
