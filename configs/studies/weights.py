# How much alignment a small tracker can bear, without QBS. The paper's weights
# are 2 and 4, for a detector of COCO; the small configs have a fortieth.
_base_ = '../_base_/studies/synthmot.py'

title = 'Weights of L_tri and L_i2tce'
align = '../synthmot/ablations/align_1xb8-2e_synthmot-street.py'
seeds = [0, 1, 2]
rows = dict(
    base=dict(
        title='0, 0 (base)',
        config='../synthmot/ablations/base_1xb8-2e_synthmot-street.py'),
    low=dict(title='0.05, 0.1', config=align),
    quarter=dict(
        title='0.5, 1',
        config=align,
        options={
            'model.clip_loss.triplet.loss_weight': 0.5,
            'model.clip_loss.image_to_text.loss_weight': 1.0
        }),
    paper=dict(
        title='2, 4',
        config=align,
        options={
            'model.clip_loss.triplet.loss_weight': 2.0,
            'model.clip_loss.image_to_text.loss_weight': 4.0
        }))
reference = 'base'
