# PETS09 train and the first 4 to 8 frames of five videos of MOT17, small.
# Validated and tested on PETS09 val.
_base_ = './pets09_small.py'
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ConcatClipDataset',
        datasets=[
            _base_.train_dataloader.dataset,
            dict(
                type='MOTClipDataset',
                data_root='{{$IPMOT_DATA:data}}/MOT17-mini/train',
                dataset_name='mot17-mini',
                pipeline=_base_.train_pipeline)
        ]))
