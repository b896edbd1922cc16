# Trained on MOT17 and CrowdHuman, tested on MOT20 train (the paper, Table 3).
_base_ = './mot17_crowdhuman.py'
mot20_root = '{{$IPMOT_DATA:data}}/MOT20/'
val_dataloader = dict(
    dataset=dict(
        data_root=mot20_root + 'train', dataset_name='mot20', sequences=['*']))
test_dataloader = dict(
    dataset=dict(
        data_root=mot20_root + 'train', dataset_name='mot20', sequences=['*']))
val_evaluator = dict(benchmark='MOT20')
test_evaluator = dict(_delete_=True, type='TrackEvalMetric', benchmark='MOT20')
