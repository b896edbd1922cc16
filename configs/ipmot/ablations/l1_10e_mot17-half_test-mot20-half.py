# Paper, Table 5, L = 1: HOTA 28.5, MOTA 31.8, IDF1 38.7, DetA 23.9, AssA 32.6.
_base_ = './align_10e_mot17-half_test-mot20-half.py'

model = dict(clip_loss=dict(align_layers=1))
