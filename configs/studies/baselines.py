# Other trackers on the same detector, the same data and the same schedule.
_base_ = '../_base_/studies/synthmot.py'

title = 'Other trackers on the same detector'
seeds = [0, 1, 2]
rows = dict(
    base=dict(
        title='DAB (base)',
        config='../synthmot/ablations/base_1xb8-2e_synthmot-street.py'),
    base_04=dict(
        title='DAB (base), thresholds of 0.4 as the matchers',
        config='../synthmot/ablations/base_1xb8-2e_synthmot-street.py',
        checkpoint_of='base',
        options={
            'model.tracker.newborn_score_thr': 0.4,
            'model.tracker.track_score_thr': 0.4,
            'model.tracker.output_score_thr': 0.4
        }),
    iou=dict(
        title='detections of the base, IoU',
        config='../synthmot/baselines/iou_dab-small_synthmot-street.py',
        checkpoint_of='base'),
    bytetrack=dict(
        title='detections of the base, ByteTrack',
        config='../synthmot/baselines/bytetrack_dab-small_synthmot-street.py',
        checkpoint_of='base'),
    ocsort=dict(
        title='detections of the base, OC-SORT',
        config='../synthmot/baselines/ocsort_dab-small_synthmot-street.py',
        checkpoint_of='base'),
    memotr=dict(
        title='base + memory (MeMOTR)',
        config='../synthmot/ablations/memotr_1xb8-2e_synthmot-street.py'),
    comot=dict(
        title='base + COLA (CO-MOT)',
        config='../synthmot/ablations/comot_1xb8-2e_synthmot-street.py'),
    full=dict(
        title='IP-MOT',
        config='../synthmot/ablations/full_1xb8-2e_synthmot-street.py'))
reference = 'base'
