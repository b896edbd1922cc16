# Paper, Table 6, L_i2tce alone: HOTA 31.2, MOTA 37.4, IDF1 43.2, AssA 35.6.
_base_ = './align_10e_mot17-half_test-mot20-half.py'

model = dict(clip_loss=dict(triplet=None))
