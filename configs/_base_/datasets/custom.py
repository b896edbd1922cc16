# Videos of your own in the layout of MOTChallenge: train/ and val/ below
# data_root. Augmentation, clips and test size are those of MOT17.
_base_ = './mot17.py'
data_root = '{{$IPMOT_DATA:data}}/custom/'
train_dataloader = dict(
    dataset=dict(
        data_root=data_root + 'train', dataset_name='custom', sequences=['*']))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root + 'val', dataset_name='custom', sequences=['*']))
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='MOTClipDataset',
        data_root=data_root + 'val',
        dataset_name='custom',
        test_mode=True,
        pipeline=_base_.test_pipeline))
val_evaluator = dict(benchmark='custom')
test_evaluator = dict(
    _delete_=True, type='TrackEvalMetric', benchmark='custom')
