# Paper, Table 7, naive: plain Deformable DETR without Align and QBS: HOTA
# 24.6, MOTA 24.9, IDF1 30.3, AssA 28.7.
_base_ = [
    '../../_base_/models/ipmot_deformable_r50.py',
    '../../_base_/datasets/mot17_half_test_mot20_half.py',
    '../../_base_/schedules/schedule_10e_ablation.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    detector=dict(bbox_head=dict(joint_dims=None)),
    dedup=None,
    assigner=dict(policy='tala'),
    clip_loss=dict(dedup=None, triplet=None, image_to_text=None),
    track_book=None)
