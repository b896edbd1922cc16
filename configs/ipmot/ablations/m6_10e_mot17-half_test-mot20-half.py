# Paper, Table 4, M = 6: HOTA 32.0, MOTA 38.0, IDF1 44.6, DetA 28.8, AssA 36.7.
_base_ = './align_10e_mot17-half_test-mot20-half.py'

model = dict(track_book=dict(num_context_tokens=6))
