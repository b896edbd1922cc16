# The whole method with several queries per object in all layers but the last.
_base_ = '../../../configs/synthmot/ablations/full_1xb8-2e_synthmot-street.py'

custom_imports = dict(
    imports=['ipmot_mm', 'projects.hybrid_matching.hybrid_matching'],
    allow_failed_imports=False)

model = dict(assigner=dict(type='HybridAssigner', num_repeats=4))
