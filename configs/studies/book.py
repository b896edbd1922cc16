# What semantics leaves open about the TrackBook, without QBS.
_base_ = '../_base_/studies/synthmot.py'

title = 'Forms of the TrackBook'
align = '../synthmot/ablations/align_1xb8-2e_synthmot-street.py'
seeds = [0, 1, 2]
rows = dict(
    align=dict(title='base + Align', config=align),
    literal=dict(
        title='L_t2i to the letter of Eq. 4',
        config=align,
        options={'model.track_book.t2i_form': 'sum_in_log'}),
    cosine=dict(
        title='features normalised',
        config=align,
        options={
            'model.track_book.normalize_features': True,
            'model.clip_loss.image_to_text.logit_scale': 13.6
        }),
    mean=dict(
        title='mean over layers in place of the sum',
        config=align,
        options={'model.clip_loss.align_reduction': 'mean'}),
    random=dict(
        title='CLIP with random weights',
        config=align,
        options={'model.track_book.clip.pretrained': None}))
reference = 'align'
