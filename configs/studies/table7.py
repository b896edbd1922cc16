# Paper, Table 7: which of Align and QBS helps on scenes never seen.
_base_ = '../_base_/studies/synthmot.py'

title = 'Table 7: Align, QBS and DEM'
seeds = [0, 1, 2, 3, 4]
rows = dict(
    naive=dict(
        title='plain Deformable DETR',
        config='../synthmot/ablations/naive_1xb8-2e_synthmot-street.py',
        paper=dict(HOTA=24.6)),
    base=dict(
        title='DAB (base)',
        config='../synthmot/ablations/base_1xb8-2e_synthmot-street.py',
        paper=dict(HOTA=29.8)),
    align=dict(
        title='base + Align',
        config='../synthmot/ablations/align_1xb8-2e_synthmot-street.py',
        paper=dict(HOTA=33.1)),
    qbs=dict(
        title='base + QBS and DEM',
        config='../synthmot/ablations/qbs_1xb8-2e_synthmot-street.py',
        paper=dict(HOTA=29.6)),
    full=dict(
        title='base + Align + QBS and DEM',
        config='../synthmot/ablations/full_1xb8-2e_synthmot-street.py',
        paper=dict(HOTA=36.9)))
reference = 'base'
