"""Boxes of a sequence, and which of them overlap in which frame."""
from dataclasses import dataclass
from functools import cached_property
from typing import Iterator, Tuple

import numpy as np
from numpy import ndarray

ROUNDING = np.finfo('float').eps
"""By how much TrackEval lets a similarity miss its threshold."""


@dataclass(frozen=True)
class FrameRows:
    """Ground truth or tracks of a sequence, sorted by frame.

    Within a frame the order of the file stays: it decides between
    assignments that are equally good.

    Attributes:
        frames (ndarray): Frame of each box, from 0 on, ascending, int64, has
            shape (num_boxes, ).
        ids (ndarray): Identity of each box, in 0..num_ids - 1, each of which
            occurs, int64, has shape (num_boxes, ).
        num_frames (int): Length of the sequence.
    """
    frames: ndarray
    ids: ndarray
    num_frames: int

    @cached_property
    def starts(self) -> ndarray:
        """ndarray: First box of each frame and the number of boxes, int64,
        has shape (num_frames + 1, )."""
        return np.searchsorted(self.frames, np.arange(self.num_frames + 1))

    @cached_property
    def sizes(self) -> ndarray:
        """ndarray: Boxes of each frame, int64, has shape (num_frames, )."""
        return np.diff(self.starts)

    @cached_property
    def id_sizes(self) -> ndarray:
        """ndarray: Boxes of each identity, int64, has shape (num_ids, )."""
        return np.bincount(self.ids)

    @property
    def num_ids(self) -> int:
        """int: Number of identities."""
        return len(self.id_sizes)

    def __len__(self) -> int:
        return len(self.frames)

    def keep(self, kept: ndarray) -> 'FrameRows':
        """Some of the boxes, whose identities are numbered anew.

        Args:
            kept (ndarray): Mask, bool, has shape (num_boxes, ).

        Returns:
            :obj:`FrameRows`: These boxes.
        """
        ids = self.ids[kept]
        new_ids = np.cumsum(np.bincount(ids, minlength=self.num_ids) > 0) - 1
        return FrameRows(self.frames[kept], new_ids[ids], self.num_frames)


@dataclass(frozen=True)
class FramePairs:
    """Pairs of a box of ground truth and a track in the same frame.

    A pair that does not overlap is left out. The others are sorted by frame,
    then by the box of ground truth, then by the track.

    Attributes:
        truth (:obj:`FrameRows`): Ground truth.
        tracks (:obj:`FrameRows`): Tracks.
        truth_rows (ndarray): Box of ground truth of each pair, int64, has
            shape (num_pairs, ).
        track_rows (ndarray): Track of each pair, int64, same shape.
        ious (ndarray): Their intersection over union, in (0, 1], float64,
            same shape.
    """
    truth: FrameRows
    tracks: FrameRows
    truth_rows: ndarray
    track_rows: ndarray
    ious: ndarray

    @cached_property
    def frames(self) -> ndarray:
        """ndarray: Frame of each pair, int64, has shape (num_pairs, )."""
        return self.truth.frames[self.truth_rows]

    @cached_property
    def starts(self) -> ndarray:
        """ndarray: First pair of each frame and the number of pairs, int64,
        has shape (num_frames + 1, )."""
        return np.searchsorted(self.frames,
                               np.arange(self.truth.num_frames + 1))

    @cached_property
    def cells(self) -> ndarray:
        """ndarray: Place of each pair in the matrix of its frame, one row
        for each box of ground truth and one column for each track, counted
        row by row, int64, has shape (num_pairs, )."""
        rows = self.truth_rows - self.truth.starts[self.frames]
        columns = self.track_rows - self.tracks.starts[self.frames]
        return rows * self.tracks.sizes[self.frames] + columns

    @cached_property
    def keys(self) -> ndarray:
        """ndarray: One number for the two identities of each pair, int64,
        has shape (num_pairs, )."""
        return (self.truth.ids[self.truth_rows] * self.tracks.num_ids +
                self.tracks.ids[self.track_rows])

    @cached_property
    def couples(self) -> Tuple[ndarray, ndarray, ndarray]:
        """tuple: Identities that meet in any frame: of ground truth and of
        tracks, int64, both have shape (num_couples, ); and the couple of
        each pair, int64, has shape (num_pairs, )."""
        keys, couple_of_pair = np.unique(self.keys, return_inverse=True)
        truth_ids, track_ids = np.divmod(keys, max(self.tracks.num_ids, 1))
        return truth_ids, track_ids, couple_of_pair

    def __len__(self) -> int:
        return len(self.ious)

    def where(self, kept: ndarray) -> 'FramePairs':
        """Some of the pairs.

        Args:
            kept (ndarray): Mask, bool, has shape (num_pairs, ).

        Returns:
            :obj:`FramePairs`: These pairs of the same boxes.
        """
        return FramePairs(self.truth, self.tracks, self.truth_rows[kept],
                          self.track_rows[kept], self.ious[kept])

    def keep(self, truth_kept: ndarray, tracks_kept: ndarray) -> 'FramePairs':
        """Pairs of some of the boxes.

        Args:
            truth_kept (ndarray): Mask, bool, has shape (num_truth, ).
            tracks_kept (ndarray): Mask, bool, has shape (num_tracks, ).

        Returns:
            :obj:`FramePairs`: These boxes and the pairs among them.
        """
        kept = truth_kept[self.truth_rows] & tracks_kept[self.track_rows]
        return FramePairs(
            truth=self.truth.keep(truth_kept),
            tracks=self.tracks.keep(tracks_kept),
            truth_rows=(truth_kept.cumsum() - 1)[self.truth_rows[kept]],
            track_rows=(tracks_kept.cumsum() - 1)[self.track_rows[kept]],
            ious=self.ious[kept])


def number_ids(ids: ndarray) -> ndarray:
    """Replace identities by their number among those that occur.

    Args:
        ids (ndarray): Any numbers, has shape (num_boxes, ).

    Returns:
        ndarray: The same identities as 0, 1, 2 ..., int64, same shape.
    """
    return np.unique(ids, return_inverse=True)[1]


def find_pairs(truth: FrameRows, truth_boxes: ndarray, tracks: FrameRows,
               track_boxes: ndarray) -> FramePairs:
    """Find the boxes that overlap.

    Args:
        truth (:obj:`FrameRows`): Ground truth.
        truth_boxes (ndarray): Its boxes as x, y, width and height, float64,
            has shape (num_truth, 4).
        tracks (:obj:`FrameRows`): Tracks.
        track_boxes (ndarray): Their boxes, has shape (num_tracks, 4).

    Returns:
        :obj:`FramePairs`: All pairs with an intersection.
    """
    truth_edges, track_edges = _edges(truth_boxes), _edges(track_boxes)
    cells = list(_overlaps(truth, truth_edges, tracks, track_edges))
    frames = np.repeat(np.arange(truth.num_frames), list(map(len, cells)))
    rows, columns = np.divmod(
        np.concatenate(cells).astype(int), tracks.sizes[frames])
    truth_rows = rows + truth.starts[frames]
    track_rows = columns + tracks.starts[frames]
    ious = _iou(truth_edges[:, truth_rows], track_edges[:, track_rows])
    kept = ious != 0
    return FramePairs(truth, tracks, truth_rows[kept], track_rows[kept],
                      ious[kept])


def _edges(boxes: ndarray) -> ndarray:
    """Left, top, right and bottom edges, has shape (4, num_boxes)."""
    return np.stack([*boxes[:, :2].T, *(boxes[:, :2] + boxes[:, 2:4]).T])


def _overlaps(truth: FrameRows, truth_edges: ndarray, tracks: FrameRows,
              track_edges: ndarray) -> Iterator[ndarray]:
    """Cells of each frame whose boxes may overlap, see ``cells`` above.

    Two boxes are apart unless each begins, in both directions, before the
    other ends; of each four comparisons, two are of negated edges.
    """
    begins = truth_edges * [[1], [1], [-1], [-1]]
    ends = track_edges[[2, 3, 0, 1]] * [[1], [1], [-1], [-1]]
    truth_starts, track_starts = truth.starts.tolist(), tracks.starts.tolist()
    for frame in range(truth.num_frames):
        begin = begins[:, truth_starts[frame]:truth_starts[frame + 1], None]
        end = ends[:, None, track_starts[frame]:track_starts[frame + 1]]
        yield np.logical_and.reduce(begin < end).ravel().nonzero()[0]


def _iou(first: ndarray, second: ndarray) -> ndarray:
    """Intersection over union of edges, both of shape (4, num_pairs).

    0 where a box, or both together, have no area, and not a number where an
    area is none, which is for the caller to see (trackeval 1.3.0,
    _base_dataset.py:224-261, in whose order the operations are, so that they
    round alike).
    """
    left, top = np.maximum(first[:2], second[:2])
    right, bottom = np.minimum(first[2:], second[2:])
    intersection = np.maximum(right - left, 0) * np.maximum(bottom - top, 0)
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (first, second)]
    union = areas[0] + areas[1] - intersection
    is_empty = np.minimum(np.minimum(*areas), union) <= ROUNDING
    return np.divide(
        intersection, union, out=np.zeros_like(union), where=~is_empty)
