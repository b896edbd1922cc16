"""The chain that MOTR and MeMOTR load images with, to compare speeds."""
import io
from typing import Any, Callable, List

import cv2
import numpy as np
import torch
from mmengine.dataset import Compose
from PIL import Image, ImageOps

from ipmot_mm.datasets.transforms import (ClipHSV, ClipRandomChoice,
                                          ClipRandomCrop, ClipRandomFlip,
                                          ClipRandomResize, FilterBoxes,
                                          LoadClipImages, PackClipInputs)

from .stopwatch import Stopwatch

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
NUM_HUES = 180


def pillow_pipeline(pipeline: Compose, watch: Stopwatch) -> Compose:
    """The images of a pipeline by the means of MOTR and MeMOTR.

    Pillow decodes, flips, resizes (which smooths when it makes smaller) and
    crops; the colours change in int16 arrays; a float tensor is normalised in
    the worker (MCG-NJU/MeMOTR @7de13f4 data/transforms.py). Numbers are drawn
    by the same transforms, so clips have the same geometry. Boxes are left
    out, in favour of this chain.

    Args:
        pipeline (Compose): Transforms of this package.
        watch (:obj:`Stopwatch`): Gets the stages ``read``, ``decode``,
            ``augment: <transform>`` and ``pack``.

    Returns:
        Compose: Takes what the pipeline takes and returns a list of float
        tensors of shape (3, h, w).

    Raises:
        ValueError: If the pipeline has a transform that is unknown here.
    """
    return Compose([
        step for transform in pipeline.transforms
        for step in _pillow_steps(transform, watch)
    ])


def _pillow_steps(transform: Any, watch: Stopwatch) -> List[Callable]:
    """What stands for a transform; nothing for that of boxes."""
    if isinstance(transform, FilterBoxes):
        return []
    if isinstance(transform, LoadClipImages):
        return [lambda clip: _load(transform, clip, watch)]
    if isinstance(transform, PackClipInputs):
        return [_timed(to_tensors, 'pack', watch)]
    if isinstance(transform, ClipRandomChoice):
        pipelines = [
            pillow_pipeline(each, watch) for each in transform.pipelines
        ]
        return [
            lambda images: pipelines[np.random.choice(
                len(pipelines), p=transform.prob)](images)
        ]
    for kind, apply in APPLY.items():
        if isinstance(transform, kind):
            name = f'augment: {type(transform).__name__}'
            return [_timed(_same_for_all(transform, apply), name, watch)]
    raise ValueError(
        f'The Pillow chain knows no {type(transform).__name__}. Leave '
        '--pillow out, or compare on a data set whose pipeline has only '
        f'{[kind.__name__ for kind in APPLY]}.')


def _load(transform: LoadClipImages, clip: dict, watch: Stopwatch) -> list:
    images = []
    for path in clip['img_path']:
        with watch.stage('read'):
            data = transform.read(path)
        with watch.stage('decode'):
            images.append(Image.open(io.BytesIO(data)).convert('RGB'))
    return images


def _same_for_all(transform: Any, apply: Callable) -> Callable:
    """Draw for the size of the first image, apply to all."""

    def run(images: list) -> list:
        width, height = images[0].size
        no_pixels = np.broadcast_to(np.uint8(0), (height, width, 3))
        params = transform.draw(dict(img=no_pixels))
        return [apply(image, params) for image in images]

    return run


def _timed(step: Callable, name: str, watch: Stopwatch) -> Callable:

    def run(images: list) -> list:
        with watch.stage(name):
            return step(images)

    return run


def _change_colours(image: Any, params: tuple) -> Any:
    hsv = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2HSV).astype(np.int16)
    hue, saturation, value = params
    hsv[..., 0] = (hsv[..., 0] + hue) % NUM_HUES
    hsv[..., 1] = np.clip(hsv[..., 1] + saturation, 0, 255)
    hsv[..., 2] = np.clip(hsv[..., 2] + value, 0, 255)
    return Image.fromarray(
        cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB))


def to_tensors(images: list) -> list:
    """Float tensors, normalised as for ImageNet.

    Args:
        images (list[Image]): RGB images.

    Returns:
        list[Tensor]: Each has shape (3, h, w).
    """
    mean = torch.tensor(MEAN)[:, None, None]
    std = torch.tensor(STD)[:, None, None]
    planes = [
        torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
        for image in images
    ]
    return [(each.float().div_(255) - mean).div_(std) for each in planes]


APPLY = {
    ClipRandomFlip:
    lambda image, flip: ImageOps.mirror(image) if flip else image,
    ClipRandomResize:
    lambda image, size: image.resize(size[::-1], Image.BILINEAR),
    ClipRandomCrop:
    lambda image, window: image.crop(window),
    ClipHSV:
    _change_colours,
}
"""How Pillow does what our transforms drew."""
