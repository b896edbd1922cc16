# Paper, Table 5, L = 3: HOTA 31.0, MOTA 40.2, IDF1 43.2, DetA 30.2, AssA 34.6.
_base_ = './align_10e_mot17-half_test-mot20-half.py'

model = dict(clip_loss=dict(align_layers=3))
