# Paper, Table 7, Align without QBS; Tables 4 (M = 4), 5 (L = 5) and 6 (both
# losses): HOTA 33.1, MOTA 40.9, IDF1 45.7, DetA 31.0, AssA 36.0.
_base_ = './full_10e_mot17-half_test-mot20-half.py'

# without the query-balanced strategy there is nothing to deduplicate
model = dict(
    dedup=None, assigner=dict(policy='tala'), clip_loss=dict(dedup=None))
