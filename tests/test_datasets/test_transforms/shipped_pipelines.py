"""The training pipelines of the shipped configs, and a clip for them."""
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from mmengine.config import Config

from ipmot_mm.datasets.clip_index import numpy_seed
from ipmot_mm.datasets.transforms import ClipRandomChoice
from ipmot_mm.registry import TRANSFORMS

CONFIGS = Path(__file__).parents[3] / 'configs' / '_base_' / 'datasets'
# What distinguishes the data sets: COCO_SIZE and OVERFLOW_BBOX of MeMOTR.
COCO = SimpleNamespace(
    before_crop=[400, 500, 600], low=384, high=600, overflow=True)
DANCE = SimpleNamespace(
    before_crop=[800, 1000, 1200], low=800, high=1200, overflow=False)
CASES = {
    ('mot17.py', None): COCO,
    ('mot17_half.py', None): COCO,
    ('mot17_crowdhuman.py', 0): COCO,
    ('mot17_crowdhuman.py', 1): COCO,
    ('dancetrack.py', None): DANCE,
}


def shipped_pipeline(name, part):
    """Config of the training pipeline, without reading and packing."""
    dataset = Config.fromfile(CONFIGS / name).train_dataloader.dataset
    if part is not None:
        dataset = dataset.datasets[part]
    kinds = [step.type for step in dataset.pipeline]
    assert (kinds[0], kinds[-1]) == ('LoadClipImages', 'PackClipInputs')
    return dataset.pipeline[1:-1]


def spied(step, log):
    """A transform which notes what it draws, and for which size."""
    step = TRANSFORMS.build(step) if isinstance(step, dict) else step
    if isinstance(step, ClipRandomChoice):
        for pipeline in step.pipelines:
            pipeline.transforms = [spied(s, log) for s in pipeline.transforms]
        return step
    draw = step.draw

    def noted(frame):
        params = draw(frame)
        log.append((type(step).__name__, params, frame['img'].shape[:2]))
        return params

    step.draw = noted
    return step


def make_clip(height, width, num_frames=1):
    """Ten random objects, some of which reach out of the image."""
    random = np.random.default_rng(0)
    sides = np.array([width, height] * 2)
    low = random.uniform(-0.2, 0.9, (10, 2))
    boxes = np.hstack([low, low + random.uniform(0.05, 0.4, (10, 2))]) * sides
    img = np.zeros((height, width, 3), np.uint8)
    ids = np.arange(10)
    return dict(
        img=[img] * num_frames,
        img_path=['a.jpg'] * num_frames,
        img_shape=[(height, width)] * num_frames,
        scale_factor=[(1.0, 1.0)] * num_frames,
        flip=[False] * num_frames,
        flip_direction=[None] * num_frames,
        gt_bboxes=[boxes.astype(np.float32)] * num_frames,
        gt_instances_ids=[ids] * num_frames,
        gt_bboxes_labels=[ids + 100] * num_frames,
        gt_identities=[ids + 200] * num_frames,
        gt_visibilities=[ids / 10] * num_frames)


def run(steps, clip, seed):
    with numpy_seed(seed):
        for step in steps:
            clip = step(clip)
    return clip
