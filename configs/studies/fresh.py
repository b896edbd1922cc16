# Rows of updater.py on other videos of the same domains, drawn when that study
# was over: a choice made by looking at its scores proves itself here.
_base_ = './updater.py'

title = 'Other videos'
root = '{{$IPMOT_SYNTHMOT:data/synthmot-study}}'
tests = dict(
    street=f'{root}/fresh/street/val',
    crowd=f'{root}/fresh/crowd/val',
    dance=f'{root}/fresh/dance/val')
rows = dict(
    _delete_=True,
    base={{_base_.rows.base}},
    qbs={{_base_.rows.qbs}},
    full={{_base_.rows.full}},
    base_decoded={{_base_.rows.base_decoded}},
    qbs_decoded={{_base_.rows.qbs_decoded}},
    full_decoded={{_base_.rows.full_decoded}},
    base_memory={{_base_.rows.base_memory}},
    qbs_memory={{_base_.rows.qbs_memory}},
    full_memory={{_base_.rows.full_memory}})
prerequisites = dict(
    fresh=dict(
        command='python tools/dataset_converters/make_synthmot.py '
        f'{root}/fresh --domains street crowd dance --num-train 0 '
        '--num-val 8 --num-frames 40 --seed 7',
        creates=f'{root}/fresh/dance/val'))
