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
seeds = [0, 1, 2, 3, 4]
rows = dict(
    base=dict(title='DAB (base)', config=base),
    align=dict(title='base + Align', config=align),
    qbs=dict(title='base + QBS and DEM', config=qbs),
    full=dict(title='base + Align + QBS and DEM', config=full),
    base_decoded=dict(
        title='base, decoded', config=base, options=decoded),
    align_decoded=dict(
        title='base + Align, decoded',
        config=align,
        options=decoded,
        against='base_decoded'),
    qbs_decoded=dict(
        title='base + QBS and DEM, decoded',
        config=qbs,
        options=decoded,
        against='base_decoded'),
    full_decoded=dict(
        title='base + Align + QBS and DEM, decoded',
        config=full,
        options=decoded,
        against='base_decoded'),
    qbs_test=dict(
        title='base + QBS and DEM, decoded in the test alone',
        config=qbs,
        options=decoded,
        checkpoint_of='qbs',
        against='qbs'),
    full_test=dict(
        title='base + Align + QBS and DEM, decoded in the test alone',
        config=full,
        options=decoded,
        checkpoint_of='full',
        against='full'),
    base_memory=dict(title='base, memory', config=base, options=memory),
    qbs_memory=dict(
        title='base + QBS and DEM, memory',
        config=qbs,
        options=memory,
        against='base_memory'),
    full_memory=dict(
        title='base + Align + QBS and DEM, memory',
        config=full,
        options=memory,
        against='base_memory'))
reference = 'base'
