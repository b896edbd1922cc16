# Trained on the first halves of MOT17, tested on the second halves of MOT20
# (the paper, Section 4.5).
_base_ = './mot17_half.py'
mot20_root = '{{$IPMOT_DATA:data}}/MOT20/'
val_dataloader = dict(
    dataset=dict(
        data_root=mot20_root + 'train', dataset_name='mot20', sequences=['*']))
test_dataloader = val_dataloader
val_evaluator = dict(benchmark='MOT20')
test_evaluator = val_evaluator
