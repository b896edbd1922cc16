"""The best picture of a person that a training data set has."""
from typing import Any, Dict, Iterable, Tuple

import numpy as np
from numpy import ndarray

from ipmot_mm.datasets.transforms.load_clip_images import read_image
from ipmot_mm.structures import IdentityMap
from ipmot_mm.structures.identity_map import IdentityKey

from .training_persons import unwrap


def cut_identity_crops(dataset: Any,
                       keys: Iterable[IdentityKey]) -> Dict[IdentityKey,
                                                            ndarray]:
    """One crop of each person, where most of the person can be seen.

    Large boxes are preferred, but half a person counts a quarter: what hides
    the other half would be taken for the person.

    Args:
        dataset (Dataset): A clip data set, several of them as one, or one
            that wraps another.
        keys (iterable[tuple]): Data set, video and instance id of each.

    Returns:
        dict[tuple, ndarray]: RGB, uint8, of shape (h, w, 3). Those whom the
        data set does not have are left out.
    """
    dataset = unwrap(dataset)
    wanted = set(keys)
    best: Dict[IdentityKey, Tuple[float, str, ndarray]] = {}
    for part in getattr(dataset, 'datasets', [dataset]):
        if not any(key[0] == part.dataset_name for key in wanted):
            continue
        for index in range(len(part)):
            _look_at(part.get_data_info(index), wanted, best)
    crops = {}
    for key, (_, path, bbox) in best.items():
        image = read_image(path)
        height, width = image.shape[:2]
        x1, y1 = np.floor(bbox[:2]).astype(int).clip(0)
        x2, y2 = np.ceil(bbox[2:]).astype(int).clip(0, (width, height))
        if x2 > x1 and y2 > y1:
            crops[key] = image[y1:y2, x1:x2, ::-1].copy()
    return crops


def missing_identities(dataset: Any, identity_map: IdentityMap) -> str:
    """Say in one line whom the data set does not have, or has besides.

    Args:
        dataset (Dataset): See :func:`cut_identity_crops`.
        identity_map (:obj:`IdentityMap`): Of a TrackBook.

    Returns:
        str: Empty where both have the same persons.
    """
    found = unwrap(dataset).identity_map
    return identity_map.difference(
        found, here='in the TrackBook', there='in the data')


def _look_at(info: Dict[str, list], wanted: set, best: Dict) -> None:
    """Keep the boxes of a frame that are better than those before."""
    frame = {key: values[0] for key, values in info.items()}
    bboxes = frame['gt_bboxes']
    sizes = np.prod((bboxes[:, 2:] - bboxes[:, :2]).clip(0), axis=1)
    scores = sizes * frame['gt_visibilities']**2
    for bbox, ident, score in zip(bboxes, frame['gt_instances_ids'].tolist(),
                                  scores.tolist()):
        key = (frame['dataset_name'], frame['video_name'], ident)
        if key in wanted and score > best.get(key, (0.0, ))[0]:
            best[key] = (score, frame['img_path'], bbox)
