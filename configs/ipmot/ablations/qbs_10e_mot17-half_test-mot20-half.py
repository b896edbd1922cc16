# Paper, Table 7, QBS without Align: HOTA 29.6, MOTA 36.8, IDF1 39.8, AssA
# 31.7.
_base_ = './full_10e_mot17-half_test-mot20-half.py'

model = dict(
    detector=dict(bbox_head=dict(joint_dims=None)),
    clip_loss=dict(triplet=None, image_to_text=None),
    track_book=None)
