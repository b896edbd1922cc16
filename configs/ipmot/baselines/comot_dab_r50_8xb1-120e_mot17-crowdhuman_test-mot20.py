# CO-MOT-style; the paper has no number for it.
# COLA: detect queries learn all objects in every layer but the last. The
# shadow sets of CO-MOT are not built.
_base_ = './memotr_dab_r50_8xb1-120e_mot17-crowdhuman_test-mot20.py'

model = dict(
    updater=dict(type='QueryUpdater'), assigner=dict(policy='cola'))
