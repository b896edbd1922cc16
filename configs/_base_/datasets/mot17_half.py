# First halves of MOT17 train, tested on the second halves.
_base_ = './mot17.py'
train_dataloader = dict(dataset=dict(half='train'))
val_dataloader = dict(dataset=dict(half='val'))
test_dataloader = dict(
    dataset=dict(_delete_=True, half='val', **_base_.val_dataloader.dataset))
test_evaluator = dict(_delete_=True, type='TrackEvalMetric', benchmark='MOT17')
