# Paper, Table 4, M = 2: HOTA 31.4, MOTA 38.5, IDF1 42.7, DetA 29.8, AssA 33.8.
_base_ = './align_10e_mot17-half_test-mot20-half.py'

model = dict(track_book=dict(num_context_tokens=2))
