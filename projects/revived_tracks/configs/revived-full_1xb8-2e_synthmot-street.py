# The whole method; lost tracks go on from a detect query.
_base_ = '../../../configs/synthmot/ablations/full_1xb8-2e_synthmot-street.py'

custom_imports = dict(
    imports=['ipmot_mm', 'projects.revived_tracks.revived_tracks'],
    allow_failed_imports=False)

model = dict(tracker=dict(type='RevivingTracker'))
