"""Image features of all persons of a data set, looked up by frame."""
from dataclasses import dataclass
from typing import Any, Dict, Sequence, Tuple

import numpy as np
from numpy import ndarray


@dataclass(frozen=True)
class PersonTable:
    """The persons with a row in the TrackBook, frame by frame.

    Attributes:
        img_paths (tuple[str]): File of each frame, length num_frames.
        offsets (ndarray): First person of each frame and, at the end, the
            number of persons, int64, has shape (num_frames + 1, ).
        bboxes (ndarray): (x1, y1, x2, y2) in pixels of the file, float32, has
            shape (num_persons, 4).
        identities (ndarray): Rows of the TrackBook, int64, has shape
            (num_persons, ).
    """
    img_paths: Tuple[str, ...]
    offsets: ndarray
    bboxes: ndarray
    identities: ndarray

    def __len__(self) -> int:
        return len(self.identities)


class CropFeatureCache:
    """Finds the features of persons by image, identity and flip.

    The encoder is frozen: what it says of a person in a frame never changes.

    Args:
        persons (:obj:`PersonTable`): In the order of the features.
        features (ndarray): float16, of the crop and of its mirror image, not
            a number where there is no crop; memory-mapped or an array, has
            shape (num_persons, 2, D).
    """

    def __init__(self, persons: PersonTable, features: ndarray) -> None:
        self.features = features
        self._frames: Dict[str, int] = {}
        frames = [
            self._frames.setdefault(path, len(self._frames))
            for path in persons.img_paths
        ]
        self._num_identities = 1 + persons.identities.max(initial=0)
        keys = self._keys(
            np.repeat(np.array(frames, np.int64), np.diff(persons.offsets)),
            persons.identities)
        self._order = keys.argsort(kind='stable')
        self._sorted_keys = keys[self._order]

    def __deepcopy__(self, memo: Dict[int, Any]) -> 'CropFeatureCache':
        """Nobody writes to it: a copy of the model shares it."""
        return self

    def _keys(self, frames: ndarray, identities: ndarray) -> ndarray:
        return frames * self._num_identities + identities

    def find(self, img_paths: Sequence[str], identities: ndarray,
             flips: Sequence[bool]) -> ndarray:
        """Where the features of some persons are.

        Args:
            img_paths (Sequence[str]): File of the frame of each person.
            identities (ndarray): Rows of the TrackBook, has shape (B, ).
            flips (Sequence[bool]): Whether the frame is mirrored.

        Returns:
            ndarray: Places for :meth:`read`, int64, has shape (B, ).

        Raises:
            ValueError: If a person is not in the cache.
        """
        frames = np.array([self._frames.get(path, -1) for path in img_paths],
                          np.int64)
        keys = self._keys(frames, identities)
        places = self._sorted_keys.searchsorted(keys)
        known = (frames >= 0) & (identities < self._num_identities) & (
            places < len(self._sorted_keys))
        known[known] = self._sorted_keys[places[known]] == keys[known]
        if not known.all():
            bad = int(known.argmin())
            raise ValueError(
                f'Person {identities[bad]} of image "{img_paths[bad]}" has no '
                'crop feature: the frames of a training must be those of its '
                'data set, with their img_path. Leave img_path as it is in '
                'the pipeline, or set model.track_book.feature_dir=None.')
        return 2 * self._order[places] + np.array(flips, np.int64)

    def read(self, places: ndarray) -> Tuple[ndarray, ndarray]:
        """Features at some places.

        Args:
            places (ndarray): Of :meth:`find`, has shape (B, ).

        Returns:
            tuple[ndarray, ndarray]: Features, float16, with shape (B', D),
            and which of the B persons have some: those whose image can be
            read and whose box is in it; bool, with shape (B, ).
        """
        found = self.features.reshape(-1, self.features.shape[-1])[places]
        there = np.isfinite(found[:, :1]).all(1)
        return found[there], there
