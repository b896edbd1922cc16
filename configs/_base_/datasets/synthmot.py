# SynthMOT, the procedural data set of this package: trained and tested in the
# domain "street". The other domains are "crowd" and "dance".
data_root = '{{$IPMOT_SYNTHMOT:data/synthmot}}/'
short_sizes = [96, 104, 112, 120, 128]
resize = dict(type='ClipRandomResize', short_sizes=short_sizes, max_long=224)
train_pipeline = [
    dict(type='LoadClipImages'),
    dict(type='ClipRandomFlip', prob=0.5),
    dict(
        type='ClipRandomChoice',
        transforms=[[resize],
                    [
                        dict(type='ClipRandomResize', short_sizes=[128, 160]),
                        dict(type='ClipRandomCrop', min_size=96, max_size=128),
                        resize
                    ]]),
    dict(type='ClipHSV'),
    dict(type='FilterBoxes', overflow_boxes=True),
    dict(type='PackClipInputs')
]
test_pipeline = [
    dict(type='LoadClipImages'),
    dict(type='ClipResize', short_size=128, max_long=224),
    dict(type='PackClipInputs')
]
# reading such small frames costs less than a process that does it
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='ClipSampler', num_frames=2, max_interval=3),
    dataset=dict(
        type='MOTClipDataset',
        data_root=data_root + 'street/train',
        dataset_name='synthmot-street',
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='VideoSampler'),
    dataset=dict(
        type='MOTClipDataset',
        data_root=data_root + 'street/val',
        dataset_name='synthmot-street',
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(type='TrackEvalMetric', benchmark='custom')
test_evaluator = val_evaluator
