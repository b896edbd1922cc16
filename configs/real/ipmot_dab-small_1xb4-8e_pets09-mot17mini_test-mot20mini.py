# Never trained on: 215 frames of MOT20, with about 42 persons each.
_base_ = './ipmot_dab-small_1xb4-8e_pets09-mot17mini.py'

mot20mini = dict(
    data_root='{{$IPMOT_DATA:data}}/MOT20-mini/train',
    dataset_name='mot20-mini')
val_dataloader = dict(dataset=mot20mini)
test_dataloader = val_dataloader
val_evaluator = dict(benchmark='MOT20')
test_evaluator = val_evaluator
