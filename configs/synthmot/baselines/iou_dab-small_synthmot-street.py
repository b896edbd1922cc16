# IoU with the boxes of the frame before, nothing else: mmdet's SORT without
# ReID joins no track that missed a frame.
_base_ = './bytetrack_dab-small_synthmot-street.py'

model = dict(
    tracker=dict(
        _delete_=True,
        type='mmdet.SORTTracker',
        motion=dict(type='mmdet.KalmanFilter'),
        reid=None,
        obj_score_thr=0.4,
        match_iou_thr=0.3))
