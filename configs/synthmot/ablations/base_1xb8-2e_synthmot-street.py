# Neither Align nor QBS (paper, Tables 6 and 7).
_base_ = './align_1xb8-2e_synthmot-street.py'

model = dict(
    detector=dict(bbox_head=dict(joint_dims=None)),
    clip_loss=dict(triplet=None, image_to_text=None),
    track_book=None)
