# Align without QBS (paper, Tables 4 to 7).
_base_ = './full_1xb8-2e_synthmot-street.py'

model = dict(
    dedup=None, assigner=dict(policy='tala'), clip_loss=dict(dedup=None))
