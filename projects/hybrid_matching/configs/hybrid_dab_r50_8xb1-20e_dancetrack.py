# The model of the paper with several queries per object in early layers.
_base_ = '../../../configs/ipmot/ipmot_dab_r50_8xb1-20e_dancetrack.py'

custom_imports = dict(
    imports=['ipmot_mm', 'projects.hybrid_matching.hybrid_matching'],
    allow_failed_imports=False)

model = dict(assigner=dict(type='HybridAssigner', num_repeats=4))
