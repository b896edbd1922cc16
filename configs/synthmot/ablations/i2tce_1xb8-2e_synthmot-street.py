# L_i2tce alone (paper, Table 6).
_base_ = './align_1xb8-2e_synthmot-street.py'

model = dict(clip_loss=dict(triplet=None))
