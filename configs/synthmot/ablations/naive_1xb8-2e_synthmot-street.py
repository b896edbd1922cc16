# Plain Deformable DETR without Align and QBS (paper, Table 7).
_base_ = [
    '../../_base_/models/ipmot_deformable_small.py',
    '../../_base_/datasets/synthmot_study.py',
    '../../_base_/schedules/schedule_2e_study.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    detector=dict(bbox_head=dict(joint_dims=None)),
    dedup=None,
    assigner=dict(policy='tala'),
    clip_loss=dict(dedup=None, triplet=None, image_to_text=None),
    track_book=None)
load_from = 'work_dirs/pretrain/deformable_small_world.pth'
