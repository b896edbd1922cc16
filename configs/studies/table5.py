# Paper, Table 5: L, the decoder layers that are aligned, without QBS.
_base_ = '../_base_/studies/synthmot.py'

title = 'Table 5: aligned layers L'
align = '../synthmot/ablations/align_1xb8-2e_synthmot-street.py'
seeds = [0, 1, 2]
rows = dict(
    l1=dict(
        title='L = 1',
        config=align,
        options={'model.clip_loss.align_layers': 1},
        paper=dict(HOTA=28.5)),
    l3=dict(
        title='L = 3',
        config=align,
        options={'model.clip_loss.align_layers': 3},
        paper=dict(HOTA=31.0)),
    l5=dict(title='L = 5', config=align, paper=dict(HOTA=33.1)))
reference = 'l5'
