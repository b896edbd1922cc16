# L_tri alone (paper, Table 6).
_base_ = './align_1xb8-2e_synthmot-street.py'

# nothing reads a description, so no TrackBook and no CLIP are built
model = dict(clip_loss=dict(image_to_text=None), track_book=None)
