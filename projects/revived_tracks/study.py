# What the deduplication module holds back, given to the tracks that were
# lost. Nothing is trained: the checkpoints are those of Table 7.
_base_ = '../../configs/_base_/studies/synthmot.py'

title = 'Lost tracks that live on from a detect query'
ablations = '../../configs/synthmot/ablations'
seeds = [0, 1, 2, 3, 4]
rows = dict(
    base=dict(
        title='DAB (base)',
        config=f'{ablations}/base_1xb8-2e_synthmot-street.py'),
    qbs=dict(
        title='base + QBS and DEM',
        config=f'{ablations}/qbs_1xb8-2e_synthmot-street.py'),
    qbs_revived=dict(
        title='base + QBS and DEM, revived tracks',
        config='configs/revived-qbs_1xb8-2e_synthmot-street.py',
        checkpoint_of='qbs',
        against='qbs'),
    full=dict(
        title='base + Align + QBS and DEM',
        config=f'{ablations}/full_1xb8-2e_synthmot-street.py'),
    full_revived=dict(
        title='base + Align + QBS and DEM, revived tracks',
        config='configs/revived-full_1xb8-2e_synthmot-street.py',
        checkpoint_of='full',
        against='full'))
reference = 'base'
