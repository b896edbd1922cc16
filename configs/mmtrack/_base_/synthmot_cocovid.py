# SynthMOT street as json files of mot2coco.py, read, augmented, dealt out and
# scored by mmtrack; sizes as in configs/_base_/datasets/synthmot_study.py.
data_root = '{{$IPMOT_MMTRACK:data/mmtrack}}/'
dataset_type = 'MOTChallengeDataset'
metainfo = dict(CLASSES=('pedestrian', ))
train_pipeline = [
    dict(
        type='TransformBroadcaster',
        share_random_params=True,
        transforms=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadTrackAnnotations', with_instance_id=True),
            dict(
                type='mmdet.RandomResize',
                scale=(168, 96),
                ratio_range=(0.8, 1.0),
                keep_ratio=True),
            dict(type='mmdet.RandomFlip', prob=0.5),
            dict(type='mmdet.PhotoMetricDistortion')
        ]),
    dict(type='PackTrackInputs'),
    dict(type='ipmot_mm.FromMMTrackSample')
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='mmdet.Resize', scale=(168, 96), keep_ratio=True),
    dict(type='LoadTrackAnnotations', with_instance_id=True),
    dict(type='PackTrackInputs', pack_single_img=True),
    dict(type='ipmot_mm.FromMMTrackSample')
]
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='ipmot_mm.ClipSampler', num_frames=2, max_interval=3),
    dataset=dict(
        type='ipmot_mm.MMTrackClipDataset',
        dataset_name='synthmot-street',
        dataset=dict(
            type=dataset_type,
            data_root=data_root + 'train',
            ann_file='annotations/train_cocoformat.json',
            data_prefix=dict(img_path='train'),
            metainfo=metainfo,
            # only a number as index asks it, see MMTrackClipDataset
            ref_img_sampler=dict(
                num_ref_imgs=1, frame_range=3, method='uniform'),
            pipeline=train_pipeline)))
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='VideoSampler'),
    dataset=dict(
        type=dataset_type,
        data_root=data_root + 'val',
        ann_file='annotations/train_cocoformat.json',
        data_prefix=dict(img_path='train'),
        metainfo=metainfo,
        ref_img_sampler=None,
        test_mode=True,
        pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(type='MOTChallengeMetrics')
test_evaluator = val_evaluator
