# MOT16 train, all of it; there is nothing else with annotations.
# Augmentation, clips and test size are those of MOT17.
_base_ = './custom.py'
train = dict(
    data_root='{{$IPMOT_DATA:data}}/MOT16/train', dataset_name='mot16')
train_dataloader = dict(dataset=train)
val_dataloader = dict(dataset=train)
test_dataloader = dict(dataset=train)
val_evaluator = dict(benchmark='MOT16')
test_evaluator = val_evaluator
