"""Small data sets of three kinds, and a head to store features of theirs."""
import json

from ipmot_mm.datasets import (ClipIndex, ConcatClipDataset,
                               CrowdHumanClipDataset, MOTClipDataset)
from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.structures import FrameTargets
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg

ROWS = '''1,7,5,4,20,30,1,1,1
1,3,40,10,40,60,1,1,1
1,9,-9,-5,30.5,30,1,1,1
2,7,8.5,4.25,20,30.5,1,1,1
4,3,30,10,12,20,1,1,1
4,8,90,90,20,30,1,1,1
'''  # on 64 x 48 pixels; nobody in frame 3, person 8 outside of the image
LOAD, PACK = dict(type='LoadClipImages'), dict(type='PackClipInputs')


def write_files(folder, write_sequence):
    """Two videos ``mot/A-01`` and ``A-02``, and an image ``still/x.jpg``."""
    for name in ('A-01', 'A-02'):
        write_sequence(folder / 'mot', name, 4, ROWS)
    image = (folder / 'mot/A-01/img1/000001.jpg').read_bytes()
    (folder / 'still').mkdir()
    (folder / 'still/x.jpg').write_bytes(image)
    persons = [dict(tag='person', fbox=[3, 2, 30, 40])]
    (folder / 'still.odgt').write_text(
        json.dumps(dict(ID='x', gtboxes=persons)))


def make_dataset(folder, *steps, still_steps=(), videos='mot'):
    """Of these files, with the steps in the pipeline."""
    return ConcatClipDataset(datasets=[
        MOTClipDataset(
            data_root=str(folder / videos), dataset_name='a',
            pipeline=[LOAD, *steps, PACK]),
        CrowdHumanClipDataset(
            ann_file=str(folder / 'still.odgt'),
            image_dir=str(folder / 'still'),
            pipeline=[LOAD, *still_steps, *steps, PACK])
    ])


def make_head(dataset, seed=0, **clip):
    head = TrackBookHead(
        clip=dict(model_cfg=tiny_clip_cfg(), seed=seed, **clip),
        num_context_tokens=2, chunk_size=6, min_crop_size=(1, 1),
        feature_dir='features')
    head.set_identity_map(dataset.identity_map)
    return head


def clip_of(dataset, index, num_frames=1):
    """RGB in [0, 1], ground truth and flips of a clip, as IPMOT has them."""
    sample = dataset[ClipIndex(index, num_frames, 1, seed=3)]
    frames = sample['data_samples'].video_data_samples
    images = sample['inputs'].flip(1)[None] / 255
    targets = [
        FrameTargets.from_instances(frame.gt_instances, frame.img_shape,
                                    frame.img_path) for frame in frames
    ]
    return images, [targets], [frame.flip for frame in frames]


def record_encoding(monkeypatch):
    """Sizes of the batches that go through the tower, crops and mirrored."""
    sizes, encode = [], TrackBookHead.encode

    def spy(self, crops):
        sizes.append(len(crops))
        return encode(self, crops)

    monkeypatch.setattr(TrackBookHead, 'encode', spy)
    return sizes
