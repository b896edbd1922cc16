# Does the order of the rows change with three times as many iterations? The
# alignment has a fifth of the weights of the other studies.
_base_ = '../_base_/studies/synthmot.py'

title = 'Six epochs in place of two'
folder = '../synthmot/ablations'
seeds = [0]
longer = {
    'train_cfg.max_epochs': 6,
    'param_scheduler.tracker.1.T_max': 6,
    'param_scheduler.track_book.0.T_max': 6
}
weak = {
    **longer, 'model.clip_loss.triplet.loss_weight': 0.1,
    'model.clip_loss.image_to_text.loss_weight': 0.2
}
rows = dict(
    base=dict(
        title='DAB (base)',
        config=f'{folder}/base_1xb8-2e_synthmot-street.py',
        options=longer),
    align=dict(
        title='base + Align',
        config=f'{folder}/align_1xb8-2e_synthmot-street.py',
        options=weak),
    qbs=dict(
        title='base + QBS and DEM',
        config=f'{folder}/qbs_1xb8-2e_synthmot-street.py',
        options=longer),
    full=dict(
        title='base + Align + QBS and DEM',
        config=f'{folder}/full_1xb8-2e_synthmot-street.py',
        options=weak))
reference = 'base'
