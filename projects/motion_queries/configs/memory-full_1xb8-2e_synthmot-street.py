# The whole method with the memory of MeMOTR, and anchors that move on.
_base_ = '../../../configs/synthmot/ablations/full_1xb8-2e_synthmot-street.py'

custom_imports = dict(
    imports=['ipmot_mm', 'projects.motion_queries.motion_queries'],
    allow_failed_imports=False)

model = dict(updater=dict(type='MotionMemoryQueryUpdater'))
