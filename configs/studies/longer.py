# Does the order of the rows change with three times as many frames, in clips
# of up to eight?
_base_ = '../_base_/studies/synthmot.py'

title = 'Longer clips, more of them'
folder = '../synthmot/ablations'
seeds = [0, 1, 2]
options = {
    'train_cfg.max_epochs': 4,
    'param_scheduler.tracker.1.T_max': 4,
    'param_scheduler.track_book.0.T_max': 4,
    'custom_hooks.0.schedule': [(0, 2), (1, 3), (2, 5), (3, 8)],
    # half the clips in an iteration, twice the iterations
    'train_dataloader.batch_size': 4,
    'optim_wrapper.tracker.optimizer.lr': 1e-3
}
rows = dict(
    base=dict(
        title='DAB (base)',
        config=f'{folder}/base_1xb8-2e_synthmot-street.py'),
    align=dict(
        title='base + Align',
        config=f'{folder}/align_1xb8-2e_synthmot-street.py'),
    qbs=dict(
        title='base + QBS and DEM',
        config=f'{folder}/qbs_1xb8-2e_synthmot-street.py'),
    full=dict(
        title='base + Align + QBS and DEM',
        config=f'{folder}/full_1xb8-2e_synthmot-street.py'))
reference = 'base'
