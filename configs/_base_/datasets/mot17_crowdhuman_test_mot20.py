# Trained on MOT17 and CrowdHuman, tested on MOT20 train (the paper, Table 3).
_base_ = './mot17_crowdhuman.py'
mot20 = dict(
    type='MOTClipDataset',
    data_root='{{$IPMOT_DATA:data}}/MOT20/train',
    dataset_name='mot20',
    test_mode=True,
    pipeline=_base_.test_pipeline)
val_dataloader = dict(dataset=dict(_delete_=True, **mot20))
test_dataloader = dict(dataset=dict(_delete_=True, **mot20))
val_evaluator = dict(benchmark='MOT20')
test_evaluator = dict(_delete_=True, type='TrackEvalMetric', benchmark='MOT20')
