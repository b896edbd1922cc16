# What weights of COCO are to the paper, for the rows on the plain Deformable
# DETR.
_base_ = [
    '../_base_/models/ipmot_deformable_small.py',
    '../_base_/datasets/synthmot_world.py',
    '../_base_/schedules/schedule_24e_world.py',
    '../_base_/default_runtime.py'
]

# only the detector is trained: nothing else of the model has been seen by
# any row before
model = dict(
    detector=dict(bbox_head=dict(joint_dims=None)),
    dedup=None,
    assigner=dict(policy='tala'),
    clip_loss=dict(dedup=None, triplet=None, image_to_text=None),
    track_book=None)
