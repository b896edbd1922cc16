# PETS09 as in pets09.py, in frames small enough for one CPU core: 170x128 of
# 512x384 pixels. Frames of 16:9 come out as 224x126.
_base_ = './pets09.py'
short_sizes = [112, 120, 128, 136, 144]
resize = dict(type='ClipRandomResize', short_sizes=short_sizes, max_long=256)
train_pipeline = [
    dict(type='LoadClipImages'),
    dict(type='ClipRandomFlip', prob=0.5),
    dict(
        type='ClipRandomChoice',
        transforms=[[resize],
                    [
                        dict(type='ClipRandomResize', short_sizes=[144, 176]),
                        dict(type='ClipRandomCrop', min_size=96, max_size=144),
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
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
