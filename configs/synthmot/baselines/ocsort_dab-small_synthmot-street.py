# OC-SORT of mmdet on the boxes of our detector.
_base_ = './bytetrack_dab-small_synthmot-street.py'

model = dict(
    tracker=dict(
        _delete_=True,
        type='mmdet.OCSORTTracker',
        motion=dict(type='mmdet.KalmanFilter'),
        obj_score_thr=0.4,
        init_track_thr=0.4,
        # of IoU times score, as in ByteTracker; 0.3 would ask for IoU 0.6
        match_iou_thr=0.1,
        num_frames_retain=30))
