# Paper, Table 6, L_tri alone: HOTA 32.2, MOTA 39.8, IDF1 44.6, AssA 35.0.
_base_ = './align_10e_mot17-half_test-mot20-half.py'

# nothing reads a description, so no TrackBook and no CLIP are built
model = dict(clip_loss=dict(image_to_text=None), track_book=None)
