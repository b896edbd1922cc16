# Paper, Section 5: targets that look alike. The same scenes, in which ever
# more persons wear one uniform; plot_similarity.py draws AssA over their
# share. In dance all do, unless told otherwise.
_base_ = '../_base_/studies/synthmot.py'

title = 'The more the targets look alike'
root = '{{$IPMOT_SYNTHMOT:data/synthmot-study}}'
# as many videos and frames as tools/prepare_study.sh draws: only then are the
# scenes those of street and dance themselves
draw = (f'python tools/dataset_converters/make_synthmot.py {root} '
        '--num-train 1 --num-val 8 --num-frames 40 --domains')
seeds = [0, 1, 2]
rows = dict(
    base=dict(
        title='DAB (base)',
        config='../synthmot/ablations/base_1xb8-2e_synthmot-street.py'),
    align=dict(
        title='base + Align',
        config='../synthmot/ablations/align_1xb8-2e_synthmot-street.py'),
    full=dict(
        title='base + Align + QBS and DEM',
        config='../synthmot/ablations/full_1xb8-2e_synthmot-street.py'))
tests = dict(
    _delete_=True,
    **{
        'street-0': f'{root}/street/val',
        'street-0.25': f'{root}/street-uniform-0.25/val',
        'street-0.5': f'{root}/street-uniform-0.5/val',
        'street-0.75': f'{root}/street-uniform-0.75/val',
        'street-1': f'{root}/street-uniform-1/val',
        'dance-0': f'{root}/dance-uniform-0/val',
        'dance-0.5': f'{root}/dance-uniform-0.5/val',
        'dance-1': f'{root}/dance/val'
    })
same_domain = [
    'street-0', 'street-0.25', 'street-0.5', 'street-0.75', 'street-1'
]
cross_domain = ['dance-0', 'dance-0.5', 'dance-1']
reference = 'base'
prerequisites = dict(
    street25=dict(
        command=f'{draw} street --dial uniform=0.25',
        creates=f'{root}/street-uniform-0.25/val'),
    street50=dict(
        command=f'{draw} street --dial uniform=0.5',
        creates=f'{root}/street-uniform-0.5/val'),
    street75=dict(
        command=f'{draw} street --dial uniform=0.75',
        creates=f'{root}/street-uniform-0.75/val'),
    street100=dict(
        command=f'{draw} street --dial uniform=1',
        creates=f'{root}/street-uniform-1/val'),
    dance0=dict(
        command=f'{draw} dance --dial uniform=0',
        creates=f'{root}/dance-uniform-0/val'),
    dance50=dict(
        command=f'{draw} dance --dial uniform=0.5',
        creates=f'{root}/dance-uniform-0.5/val'))
