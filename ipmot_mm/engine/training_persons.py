"""Who is in which image of a training data set."""
import hashlib
import os
import os.path as osp
from typing import Any, Callable, Dict, List

import numpy as np
from numpy import ndarray

from ipmot_mm.datasets.transforms import LoadClipImages
from ipmot_mm.models.track_book.crop_feature_cache import PersonTable

Reader = Callable[[str], ndarray]


def unwrap(dataset: Any) -> Any:
    """The data set that knows the identities.

    Args:
        dataset (Dataset): Of the training data loader.

    Returns:
        Dataset: The outermost that has an ``identity_map``, of this one and
        those it wraps; the innermost if none has.
    """
    while not hasattr(dataset, 'identity_map') and hasattr(dataset, 'dataset'):
        dataset = dataset.dataset
    return dataset


class TrainingPersons:
    """The persons of a training data set that have a row in the TrackBook.

    Args:
        dataset (Dataset): A clip data set, several of them as one, or one
            that wraps another.

    Attributes:
        table (:obj:`PersonTable`): Of the frames with at least one person.
        readers (list[Callable]): How the image of each frame is read.
        names (list[str]): Of the data sets.
        digest (str): Changes with any person, box, image name or file size.

    Raises:
        ValueError: If the data set cannot tell its frames.
    """

    def __init__(self, dataset: Any) -> None:
        dataset = unwrap(dataset)
        parts = getattr(dataset, 'datasets', [dataset])
        if not all(hasattr(part, 'get_data_info') for part in parts):
            raise ValueError(
                f'The training data set {type(dataset).__name__} cannot tell '
                'its frames (get_data_info), which the crop features of the '
                'TrackBook need. Use a clip data set of ipmot_mm, or set '
                'model.track_book.feature_dir=None.')
        self.readers: List[Reader] = []
        self.names = [part.dataset_name for part in parts]
        self._paths: List[str] = []
        self._bboxes = [np.zeros((0, 4), np.float32)]
        self._identities = [np.zeros(0, np.int64)]
        self._digest = hashlib.sha256()
        for part in parts:
            reader = _image_reader(part)
            for index in range(len(part)):
                self._add(part.get_data_info(index), reader)
        counts = [len(each) for each in self._identities]
        self.digest = self._digest.hexdigest()
        self.table = PersonTable(
            tuple(self._paths), np.cumsum(counts),
            np.concatenate(self._bboxes), np.concatenate(self._identities))

    def _add(self, info: Dict[str, list], reader: Reader) -> None:
        """Note the persons of a frame."""
        frame = {key: values[0] for key, values in info.items()}
        has_row = frame['gt_identities'] >= 0
        if not has_row.any():
            return
        path = frame['img_path']
        try:
            size = os.path.getsize(path)
        except OSError:  # the reader will say so
            size = -1
        self._digest.update(repr(
            (frame['dataset_name'], frame['video_name'],
             frame['mot_frame_id'], osp.basename(path), size)).encode())
        for key in ('gt_bboxes', 'gt_instances_ids'):
            self._digest.update(np.ascontiguousarray(frame[key][has_row]))
        self._paths.append(path)
        self.readers.append(reader)
        self._bboxes.append(frame['gt_bboxes'][has_row].astype(np.float32))
        self._identities.append(frame['gt_identities'][has_row])


def _image_reader(dataset: Any) -> Reader:
    """Reads an image as the pipeline of a data set does."""
    steps = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
    loader = next((step for step in steps if isinstance(step, LoadClipImages)),
                  LoadClipImages())
    return lambda path: loader.decode(loader.read(path), path)
