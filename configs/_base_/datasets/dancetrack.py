# DanceTrack train, validated on its validation set. Tested on DanceTrack test:
# a zip for the server.
# The augmentation is that of MeMOTR and the interval between frames is random
# between 1 and 10 (the paper, Section 4.2).
data_root = '{{$IPMOT_DATA:data}}/dancetrack/'
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
                dict(type='ClipRandomResize', short_sizes=[800, 1000, 1200]),
                dict(type='ClipRandomCrop', min_size=800, max_size=1200),
                resize
            ]
        ]),
    dict(type='ClipHSV'),
    dict(type='FilterBoxes', overflow_boxes=False),
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
        dataset_name='dancetrack',
        pipeline=train_pipeline))
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='VideoSampler'),
    dataset=dict(
        type='MOTClipDataset',
        data_root=data_root + 'val',
        dataset_name='dancetrack',
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='VideoSampler'),
    dataset=dict(
        type='MOTClipDataset',
        data_root=data_root + 'test',
        dataset_name='dancetrack',
        test_mode=True,
        pipeline=test_pipeline))
val_evaluator = dict(type='TrackEvalMetric', benchmark='DanceTrack')
test_evaluator = dict(
    type='TrackEvalMetric',
    benchmark='DanceTrack',
    format_only=True,
    outfile_prefix='{work_dir}/dancetrack_test',
    # the server asks for this name
    submission='{work_dir}/dancetrack_test/tracker.zip')
