# Anchors that move on, with neither Align nor QBS.
_base_ = '../../../configs/synthmot/ablations/base_1xb8-2e_synthmot-street.py'

custom_imports = dict(
    imports=['ipmot_mm', 'projects.motion_queries.motion_queries'],
    allow_failed_imports=False)

model = dict(updater=dict(type='MotionQueryUpdater'))
