# The smallest study: does the machinery work here? Two minutes on one core.
# The models learn next to nothing, the scores mean nothing.
title = 'Smoke test'
base = '../synthmot/ipmot_dab-tiny_2xb4-8e_synthmot-street.py'
seeds = [0, 1, 2]
options = {
    'train_cfg.max_epochs': 2,
    'train_dataloader.dataset.data_root': 'data/synthmot-smoke/street/train',
    'test_dataloader.dataset.data_root': 'data/synthmot-smoke/street/val',
    # two frames from the start
    'custom_hooks.0.schedule': [(0, 2)],
    # hardly trained, no score is high
    'model.tracker.newborn_score_thr': 0.02,
    'model.tracker.track_score_thr': 0.02,
    'model.tracker.output_score_thr': 0.02
}
without_clip = {
    'model.track_book': None,
    'model.clip_loss.triplet': None,
    'model.clip_loss.image_to_text': None
}
rows = dict(
    base=dict(title='base', options=without_clip),
    align=dict(title='base + alignment', paper=dict(HOTA=33.1)),
    impatient=dict(
        title='base + alignment, impatient',
        checkpoint_of='align',
        options={'model.tracker.miss_tolerance': 3}))
tests = dict(
    street='data/synthmot-smoke/street/val',
    crowd='data/synthmot-smoke/crowd/val')
same_domain = ['street']
cross_domain = ['crowd']
reference = 'base'
prerequisites = dict(
    data=dict(
        command='python tools/dataset_converters/make_synthmot.py '
        'data/synthmot-smoke --domains street crowd --num-train 2 --num-val 1 '
        '--num-frames 12',
        creates='data/synthmot-smoke/crowd/val'))
