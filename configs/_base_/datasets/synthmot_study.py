# Clips of SynthMOT street at three quarters of the size: what the rows of
# configs/synthmot/ablations are trained with.
_base_ = './synthmot.py'

short_sizes = [80, 88, 96]
resize = dict(type='ClipRandomResize', short_sizes=short_sizes, max_long=168)
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
    dict(type='ClipResize', short_size=96, max_long=168),
    dict(type='PackClipInputs')
]
data_root = '{{$IPMOT_SYNTHMOT:data/synthmot-study}}/'
train_dataloader = dict(
    batch_size=8,
    sampler=dict(max_interval=3),
    dataset=dict(
        data_root=data_root + 'street/train', pipeline=train_pipeline))
val_dataloader = dict(
    dataset=dict(data_root=data_root + 'street/val', pipeline=test_pipeline))
test_dataloader = val_dataloader
