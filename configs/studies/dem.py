# Forms of the deduplication module, on QBS without Align.
_base_ = '../_base_/studies/synthmot.py'

title = 'Forms of the deduplication module'
qbs = '../synthmot/ablations/qbs_1xb8-2e_synthmot-street.py'
seeds = [0, 1, 2]
rows = dict(
    qbs=dict(title='embeddings, box, type, overlap', config=qbs),
    slow=dict(
        title='the same, learning rate of all',
        config=qbs,
        options={
            'optim_wrapper.tracker.paramwise_cfg.custom_keys.dedup.lr_mult':
            1.0
        }),
    no_overlap=dict(
        title='embeddings, box, type',
        config=qbs,
        options={'model.dedup.overlap_scale': None}),
    letter=dict(
        title='embeddings alone (Eq. 5)',
        config=qbs,
        options={
            'model.dedup.overlap_scale': None,
            'model.dedup.with_pos': False,
            'model.dedup.with_type_embed': False
        }),
    duplicates=dict(
        title='duplicates are false tracks, too',
        config=qbs,
        options={'model.assigner.false_positives.takes_duplicates': True}),
    bce=dict(
        title='cross entropy in place of focal loss',
        config=qbs,
        options={'model.clip_loss.dedup.mode': 'bce'}),
    score=dict(
        title='focal loss on c d in place of d',
        config=qbs,
        options={'model.clip_loss.dedup.mode': 'score'}),
    ignore=dict(
        title='background not learned',
        config=qbs,
        options={'model.clip_loss.dedup.ignores_background': True}))
reference = 'qbs'
