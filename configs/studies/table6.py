# Paper, Table 6: the two losses of Align, without QBS.
_base_ = '../_base_/studies/synthmot.py'

title = 'Table 6: the losses of Align'
seeds = [0, 1, 2, 3, 4]
rows = dict(
    base=dict(
        title='DAB (base)',
        config='../synthmot/ablations/base_1xb8-2e_synthmot-street.py',
        paper=dict(HOTA=29.8)),
    tri=dict(
        title='+ triplet',
        config='../synthmot/ablations/tri_1xb8-2e_synthmot-street.py',
        paper=dict(HOTA=32.2)),
    i2tce=dict(
        title='+ i2tce',
        config='../synthmot/ablations/i2tce_1xb8-2e_synthmot-street.py',
        paper=dict(HOTA=31.2)),
    align=dict(
        title='+ both',
        config='../synthmot/ablations/align_1xb8-2e_synthmot-street.py',
        paper=dict(HOTA=33.1)))
reference = 'base'
