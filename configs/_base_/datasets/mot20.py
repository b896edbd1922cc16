# The four training sequences of MOT20: the cross-domain test (the paper,
# Table 3), and training on it for those who want to. Augmentation, clips and
# test size are those of MOT17.
_base_ = './mot17_half.py'
data_root = '{{$IPMOT_DATA:data}}/MOT20/'
mot20 = dict(
    data_root=data_root + 'train',
    dataset_name='mot20',
    sequences=['*'],
    half=None)
train_dataloader = dict(dataset=mot20)
val_dataloader = dict(dataset=mot20)
test_dataloader = val_dataloader
val_evaluator = dict(benchmark='MOT20')
test_evaluator = val_evaluator
