# Paper, Tables 6 and 7, neither Align nor QBS: HOTA 29.8, MOTA 36.8, IDF1
# 41.2, AssA 32.6.
_base_ = './align_10e_mot17-half_test-mot20-half.py'

model = dict(
    detector=dict(bbox_head=dict(joint_dims=None)),
    clip_loss=dict(triplet=None, image_to_text=None),
    track_book=None)
