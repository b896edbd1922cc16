# MOT17 train, all of it. Tested on MOT17 test: a zip for the server.
# The augmentation is that of MeMOTR and the interval between frames is random
# between 1 and 10 (the paper, Section 4.2).
data_root = '{{$IPMOT_DATA:data}}/MOT17/'
short_sizes = [608, 640, 672, 704, 736, 768, 800, 832, 864, 896, 928, 960, 992]
resize = dict(type='ClipRandomResize', short_sizes=short_sizes, max_long=1536)
train_pipeline = [
    dict(type='LoadClipImages'),
    dict(type='ClipRandomFlip', prob=0.5),
    dict(
        type='ClipRandomChoice',
        transforms=[
            [resize],
            [
                dict(type='ClipRandomResize', short_sizes=[400, 500, 600]),
                dict(type='ClipRandomCrop', min_size=384, max_size=600), resize
            ]
        ]),
    dict(type='ClipHSV'),
    dict(type='FilterBoxes', overflow_boxes=True),
    dict(type='PackClipInputs')
]
test_pipeline = [
    dict(type='LoadClipImages'),
    dict(type='ClipResize', short_size=800, max_long=1536),
    dict(type='PackClipInputs')
]
train_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='ClipSampler', num_frames=2, max_interval=10),
    dataset=dict(
        type='MOTClipDataset',
        data_root=data_root + 'train',
        dataset_name='mot17',
        # MOT17 holds every video three times, once per public detector
        sequences=['*-SDP'],
        pipeline=train_pipeline))
# MOT17 has no public validation set: this is training data, so it shows how
# well the model fits, not how well it tracks.
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='VideoSampler'),
    dataset=dict(
        type='MOTClipDataset',
        data_root=data_root + 'train',
        dataset_name='mot17',
        sequences=['*-SDP'],
        test_mode=True,
        pipeline=test_pipeline))
# The server asks for the training videos, too.
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='VideoSampler'),
    dataset=dict(
        type='ConcatClipDataset',
        datasets=[
            dict(
                type='MOTClipDataset',
                data_root=data_root + split,
                dataset_name='mot17-' + split,
                sequences=['*-SDP'],
                test_mode=True,
                pipeline=test_pipeline) for split in ('test', 'train')
        ]))
val_evaluator = dict(type='TrackEvalMetric', benchmark='MOT17')
test_evaluator = dict(
    type='TrackEvalMetric',
    benchmark='MOT17',
    format_only=True,
    outfile_prefix='{work_dir}/mot17_test',
    submission='{work_dir}/mot17_test.zip')
