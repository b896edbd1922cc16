# Single images of SynthMOT's domain "world", in which every sequence draws its
# own dials: what COCO is to the paper, a place to learn detection.
_base_ = './synthmot_study.py'

train_dataloader = dict(
    batch_size=16,
    sampler=dict(num_frames=1),
    dataset=dict(
        data_root='{{$IPMOT_SYNTHMOT:data/synthmot-study}}/world/train',
        dataset_name='synthmot-world'))
val_dataloader = dict(
    dataset=dict(
        data_root='{{$IPMOT_SYNTHMOT:data/synthmot-study}}/world/val',
        dataset_name='synthmot-world'))
test_dataloader = val_dataloader
