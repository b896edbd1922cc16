# What a track's new content is added to, on rows of Table 7: the content that
# is carried from frame to frame (default), what the decoder has just made of
# it, or a memory.
_base_ = '../_base_/studies/synthmot.py'

title = 'What is carried from frame to frame'
base = '../synthmot/ablations/base_1xb8-2e_synthmot-street.py'
align = '../synthmot/ablations/align_1xb8-2e_synthmot-street.py'
qbs = '../synthmot/ablations/qbs_1xb8-2e_synthmot-street.py'
full = '../synthmot/ablations/full_1xb8-2e_synthmot-street.py'
decoded = {'model.updater.residual': 'decoded'}
memory = {'model.updater.type': 'MemoryQueryUpdater'}
seeds = [0, 1, 2]
rows = dict(
    base=dict(title='base', config=base),
    base_decoded=dict(
        title='base, decoded', config=base, options=decoded, against='base'),
    base_memory=dict(
        title='base, memory', config=base, options=memory, against='base'),
    align=dict(title='Align', config=align),
    align_decoded=dict(
        title='Align, decoded', config=align, options=decoded,
        against='align'),
    qbs=dict(title='QBS and DEM', config=qbs),
    qbs_test=dict(
        title='QBS and DEM, decoded in the test alone',
        config=qbs,
        options=decoded,
        checkpoint_of='qbs',
        against='qbs'),
    qbs_decoded=dict(
        title='QBS and DEM, decoded', config=qbs, options=decoded,
        against='qbs'),
    qbs_memory=dict(
        title='QBS and DEM, memory', config=qbs, options=memory,
        against='qbs'),
    full=dict(title='all', config=full),
    full_test=dict(
        title='all, decoded in the test alone',
        config=full,
        options=decoded,
        checkpoint_of='full',
        against='full'),
    full_decoded=dict(
        title='all, decoded', config=full, options=decoded, against='full'),
    full_memory=dict(
        title='all, memory', config=full, options=memory, against='full'))
reference = 'base'
