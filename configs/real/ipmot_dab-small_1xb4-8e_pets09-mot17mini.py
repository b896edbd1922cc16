# Real frames, one fixed camera and 28 frames of five others. Tested on the
# fixed camera, later.
_base_ = [
    '../_base_/models/ipmot_dab_small.py',
    '../_base_/datasets/pets09_mot17mini_small.py',
    '../_base_/schedules/schedule_8e_real.py', '../_base_/default_runtime.py'
]

# up to 42 persons in a training frame of MOT17-mini and 52 in one of MOT20
model = dict(detector=dict(num_queries=80))
