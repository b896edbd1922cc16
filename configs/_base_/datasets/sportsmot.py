# SportsMOT train, validated on its validation set. Its layout is that of
# DanceTrack, and so are augmentation and clips; the paper has no numbers.
_base_ = './dancetrack.py'
data_root = '{{$IPMOT_DATA:data}}/sportsmot/dataset/'
train_dataloader = dict(
    dataset=dict(data_root=data_root + 'train', dataset_name='sportsmot'))
val_dataloader = dict(
    dataset=dict(data_root=data_root + 'val', dataset_name='sportsmot'))
test_dataloader = val_dataloader
# pedestrians only and nothing to leave out: DanceTrack's rules
test_evaluator = dict(
    _delete_=True, type='TrackEvalMetric', benchmark='DanceTrack')
