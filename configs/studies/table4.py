# Paper, Table 4: M, the learned tokens of a description, without QBS.
_base_ = '../_base_/studies/synthmot.py'

title = 'Table 4: learned tokens M'
align = '../synthmot/ablations/align_1xb8-2e_synthmot-street.py'
seeds = [0, 1, 2]
rows = dict(
    m2=dict(
        title='M = 2',
        config=align,
        options={'model.track_book.num_context_tokens': 2},
        paper=dict(HOTA=31.4)),
    m4=dict(title='M = 4', config=align, paper=dict(HOTA=33.1)),
    m6=dict(
        title='M = 6',
        config=align,
        options={'model.track_book.num_context_tokens': 6},
        paper=dict(HOTA=32.0)),
    m8=dict(
        title='M = 8',
        config=align,
        options={'model.track_book.num_context_tokens': 8},
        paper=dict(HOTA=31.0)))
reference = 'm4'
