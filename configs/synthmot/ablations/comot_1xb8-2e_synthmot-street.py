# COLA of CO-MOT in the place of QBS: all objects in every layer but the last.
_base_ = './base_1xb8-2e_synthmot-street.py'

model = dict(assigner=dict(policy='cola'))
