# ByteTrack of mmdet on what the detect queries of the base find. Nothing is
# trained: give the checkpoint of the base.
_base_ = '../ablations/base_1xb8-2e_synthmot-street.py'

load_from = None
model = dict(
    _delete_=True,
    type='TrackingByDetection',
    data_preprocessor={{_base_.model.data_preprocessor}},
    detector={{_base_.model.detector}},
    min_area={{_base_.model.tracker.min_area}},
    tracker=dict(
        type='mmdet.ByteTracker',
        motion=dict(type='mmdet.KalmanFilter'),
        # chosen among 0.3 to 0.6 on street/train: the scores of our detector
        # are lower than those of YOLOX
        obj_score_thrs=dict(high=0.4, low=0.2),
        init_track_thr=0.4,
        num_frames_retain=30))
