# MOTR-style, paper, Table 3 (MOT20 train, never seen in training): MOTA 54.2,
# IDF1 56.0, HOTA 43.1, AssA 42.3, DetA 43.9.
# Plain Deformable DETR, tracks in all decoder layers, TALA, random drops, and
# the thresholds of megvii-research/MOTR @8690da3 (models/motr.py:303-325).
# False positives are those of our FalsePositiveSpawner: confident detections,
# not MOTR's random neighbours of a track.
_base_ = [
    '../../_base_/models/ipmot_deformable_r50.py',
    '../../_base_/datasets/mot17_crowdhuman_test_mot20.py',
    '../../_base_/schedules/schedule_120e_mot17.py',
    '../../_base_/default_runtime.py'
]

model = dict(
    detector=dict(
        decoder=dict(num_detect_only_layers=0),
        bbox_head=dict(joint_dims=None)),
    # MOTR moves every anchor, however low its score
    updater=dict(update_score_thr=0.0),
    dedup=None,
    assigner=dict(policy='tala', track_drop_prob=0.1),
    tracker=dict(
        track_score_thr=0.6,
        newborn_score_thr=0.7,
        output_score_thr=0.7,
        miss_tolerance=5),
    clip_loss=dict(dedup=None, triplet=None, image_to_text=None),
    track_book=None)
