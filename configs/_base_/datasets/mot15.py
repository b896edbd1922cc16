# 2DMOT2015 train, all of it; there is nothing else with annotations.
# Augmentation, clips and test size are those of MOT17.
_base_ = './custom.py'
train = dict(
    data_root='{{$IPMOT_DATA:data}}/2DMOT2015/train', dataset_name='mot15')
train_dataloader = dict(dataset=train)
val_dataloader = dict(dataset=train)
test_dataloader = dict(dataset=train)
val_evaluator = dict(benchmark='MOT15')
test_evaluator = val_evaluator
