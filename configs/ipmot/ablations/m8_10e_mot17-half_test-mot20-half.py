# Paper, Table 4, M = 8: HOTA 31.0, MOTA 37.9, IDF1 41.7, DetA 29.7, AssA 32.8.
_base_ = './align_10e_mot17-half_test-mot20-half.py'

model = dict(track_book=dict(num_context_tokens=8))
