# Two halves of PETS 2009 S2-L1, one camera (a check, not a benchmark). Images
# of 512x384 pixels, made smaller for training on a CPU.
data_root = '{{$IPMOT_DATA:data}}/PETS09/'
short_sizes = [176, 192, 208, 224, 240]
resize = dict(type='ClipRandomResize', short_sizes=short_sizes, max_long=320)
train_pipeline = [
    dict(type='LoadClipImages'),
    dict(type='ClipRandomFlip', prob=0.5),
    dict(
        type='ClipRandomChoice',
        transforms=[[resize],
                    [
                        dict(type='ClipRandomResize', short_sizes=[240, 288]),
                        dict(
                            type='ClipRandomCrop', min_size=160, max_size=240),
                        resize
                    ]]),
    dict(type='ClipHSV'),
    dict(type='FilterBoxes', overflow_boxes=True),
    dict(type='PackClipInputs')
]
test_pipeline = [
    dict(type='LoadClipImages'),
    dict(type='ClipResize', short_size=240, max_long=320),
    dict(type='PackClipInputs')
]
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    # 7 frames a second: in 10 of them a person walks out of reach
    sampler=dict(type='ClipSampler', num_frames=2, max_interval=4),
    dataset=dict(
        type='MOTClipDataset',
        data_root=data_root + 'train',
        dataset_name='pets09',
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='VideoSampler'),
    dataset=dict(
        type='MOTClipDataset',
        data_root=data_root + 'val',
        dataset_name='pets09',
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(type='TrackEvalMetric', benchmark='custom')
test_evaluator = val_evaluator
