# Do moving anchors help where the tracker was never trained?
_base_ = '../../configs/_base_/studies/synthmot.py'

title = 'Anchors that move on'
ablations = '../../configs/synthmot/ablations'
seeds = [0, 1, 2]
rows = dict(
    base=dict(
        title='DAB (base)',
        config=f'{ablations}/base_1xb8-2e_synthmot-street.py'),
    motion_base=dict(
        title='base + moving anchors',
        config='configs/motion-base_1xb8-2e_synthmot-street.py'),
    full=dict(
        title='IP-MOT', config=f'{ablations}/full_1xb8-2e_synthmot-street.py'),
    motion_at_test=dict(
        title='IP-MOT, anchors move at test time alone',
        config='configs/motion-full_1xb8-2e_synthmot-street.py',
        checkpoint_of='full',
        against='full'),
    motion=dict(
        title='IP-MOT + moving anchors',
        config='configs/motion-full_1xb8-2e_synthmot-street.py',
        against='full'),
    memory=dict(
        title='IP-MOT + moving anchors and memory',
        config='configs/memory-full_1xb8-2e_synthmot-street.py',
        against='full'))
reference = 'base'
