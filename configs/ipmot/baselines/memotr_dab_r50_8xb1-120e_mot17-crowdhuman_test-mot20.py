# MeMOTR-style, paper, Table 3 (MOT20 train, never seen in training): MOTA
# 55.7, IDF1 56.4, HOTA 43.1, AssA 41.8, DetA 44.7.
# DAB-Deformable-DETR with one layer of detect queries alone, TALA, and an
# updater with a short and a long memory.
_base_ = '../ipmot_dab_r50_8xb1-120e_mot17-crowdhuman_test-mot20.py'

model = dict(
    detector=dict(bbox_head=dict(joint_dims=None)),
    updater=dict(type='MemoryQueryUpdater'),
    dedup=None,
    assigner=dict(policy='tala'),
    clip_loss=dict(dedup=None, triplet=None, image_to_text=None),
    track_book=None)
