# MOT17 train and CrowdHuman val together (the paper, Section 4.2).
_base_ = './mot17.py'
crowdhuman_root = '{{$IPMOT_DATA:data}}/crowdhuman/'
# A still image moves before anything else changes its size.
crowdhuman_pipeline = _base_.train_pipeline[:2] + [
    dict(type='PseudoClipShift')
] + _base_.train_pipeline[2:]
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ConcatClipDataset',
        datasets=[
            _base_.train_dataloader.dataset,
            dict(
                type='CrowdHumanClipDataset',
                ann_file=crowdhuman_root + 'annotation_val.odgt',
                image_dir=crowdhuman_root + 'Images',
                # Every person of every image gets a row of the TrackBook.
                # False keeps them for detection alone, see docs/data.md.
                with_identities=True,
                pipeline=crowdhuman_pipeline)
        ]))
