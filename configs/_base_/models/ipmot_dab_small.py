# The small model with the paper's six decoder layers: one for detect queries
# alone and five joint ones, so that L of Table 5 can be 1, 3 or 5. Its CLIP
# has learned what the persons of SynthMOT look like (docs/small_clip.md).
_base_ = './ipmot_dab_tiny.py'

model = dict(
    detector=dict(num_queries=30, decoder=dict(num_layers=6)),
    # embeddings alone would need longer to say what lies at one place
    dedup=dict(overlap_scale=4.0),
    # a duplicate would be background where its track is a person: then no
    # track keeps its score (docs/evidence.md)
    assigner=dict(false_positives=dict(takes_duplicates=False)),
    # with more of it, detection suffers: docs/evidence.md, "Why"
    clip_loss=dict(
        triplet=dict(loss_weight=0.05),
        image_to_text=dict(loss_weight=0.1),
        align_layers=5),
    track_book=dict(
        clip=dict(
            pretrained='work_dirs/pretrain/clip_tiny_world.pt',
            model_cfg=dict(vision_cfg=dict(pool_type='avg')))))
