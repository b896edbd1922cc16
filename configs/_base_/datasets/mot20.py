# The four training sequences of MOT20: the cross-domain test (the paper,
# Table 3), and training on it for those who want to. Tested on MOT20 test: a
# zip for the server. Augmentation, clips and test size are those of MOT17.
_base_ = './mot17.py'
data_root = '{{$IPMOT_DATA:data}}/MOT20/'
mot20_train = dict(
    data_root=data_root + 'train', dataset_name='mot20', sequences=['*'])
train_dataloader = dict(dataset=mot20_train)
val_dataloader = dict(dataset=mot20_train)
test_dataloader = dict(
    dataset=dict(datasets=[
        dict(
            type='MOTClipDataset',
            data_root=data_root + split,
            dataset_name='mot20-' + split,
            test_mode=True,
            pipeline=_base_.test_pipeline) for split in ('test', 'train')
    ]))
val_evaluator = dict(benchmark='MOT20')
test_evaluator = dict(
    benchmark='MOT20',
    outfile_prefix='{work_dir}/mot20_test',
    submission='{work_dir}/mot20_test.zip')
