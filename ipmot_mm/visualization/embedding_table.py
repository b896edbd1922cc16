"""Embeddings of the tracks of a video, and who they are."""
from dataclasses import dataclass, fields
from pathlib import Path
from typing import List, Optional, Sequence, Union

import numpy as np
import torch
from mmdet.structures.bbox import bbox_overlaps
from mmengine.structures import InstanceData
from numpy import ndarray
from scipy.optimize import linear_sum_assignment

from ipmot_mm.structures import NO_ID

IDENTITY_SOURCES = ('gt', 'track')
"""Who a track is: the person below it, or its own id."""


@dataclass(frozen=True)
class EmbeddingTable:
    """One row for each track in each frame.

    Attributes:
        embeddings (ndarray): float32, has shape (num_rows, dims).
        frames (ndarray): 0-based number of the frame, int64, has shape
            (num_rows, ).
        track_ids (ndarray): int64, has shape (num_rows, ).
        gt_ids (ndarray): Id of the person of the ground truth on whom the
            track is, ``NO_ID`` for none, int64, has shape (num_rows, ).
    """
    embeddings: ndarray
    frames: ndarray
    track_ids: ndarray
    gt_ids: ndarray

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, rows: ndarray) -> 'EmbeddingTable':
        """Rows chosen by a mask or by numbers, has shape (num_rows, )."""
        return EmbeddingTable(
            *(getattr(self, field.name)[rows] for field in fields(self)))

    def identities(self, source: str) -> ndarray:
        """Who each row is.

        Args:
            source (str): One of ``IDENTITY_SOURCES``.

        Returns:
            ndarray: int64, ``NO_ID`` for nobody, has shape (num_rows, ).
        """
        if source not in IDENTITY_SOURCES:
            raise ValueError(f'identities come from one of {IDENTITY_SOURCES}'
                             f', got {source!r}')
        return self.gt_ids if source == 'gt' else self.track_ids

    def save(self, path: Union[str, Path]) -> None:
        """Write the arrays by their names, for ``numpy.load``.

        Args:
            path (str | Path): Ends in ``.npz``.
        """
        np.savez_compressed(path, **vars(self))

    @classmethod
    def load(cls, path: Union[str, Path]) -> 'EmbeddingTable':
        """Read what :meth:`save` wrote; nothing in it is executed."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(*(arrays[field.name] for field in fields(cls)))

    @staticmethod
    def cat(tables: Sequence['EmbeddingTable']) -> 'EmbeddingTable':
        """Join tables of the same dims; at least one."""
        return EmbeddingTable(
            *(np.concatenate([getattr(table, field.name) for table in tables])
              for field in fields(EmbeddingTable)))


def rows_of_frame(tracks: InstanceData,
                  frame: int,
                  gt_bboxes: Optional[ndarray] = None,
                  gt_ids: Optional[ndarray] = None) -> EmbeddingTable:
    """Rows of the track queries of a frame; births are left out.

    Args:
        tracks (InstanceData): Of a model with an :class:`EmbeddingRecorder`.
        frame (int): Its number, from 0 on.
        gt_bboxes (ndarray, optional): xyxy in pixels of the original frame,
            has shape (num_gt, 4). Defaults to None, for no ground truth.
        gt_ids (ndarray, optional): Has shape (num_gt, ).

    Returns:
        :obj:`EmbeddingTable`: A row for each track that was there before.
    """
    who = np.full(len(tracks), NO_ID, np.int64)
    if gt_bboxes is not None:
        # also of births, so that nobody is taken for their person
        who = match_identities(tracks.bboxes.numpy(), gt_bboxes, gt_ids)
    table = EmbeddingTable(
        embeddings=tracks.embeddings.numpy(),
        frames=np.full(len(tracks), frame, np.int64),
        track_ids=tracks.instances_id.numpy(),
        gt_ids=who)
    return table[tracks.from_track_query.numpy()]


def match_identities(bboxes: ndarray,
                     gt_bboxes: ndarray,
                     gt_ids: ndarray,
                     iou_thr: float = 0.5) -> ndarray:
    """On which person each track of a frame is.

    One to one, with the greatest sum of IoU over pairs that reach
    ``iou_thr``.

    Args:
        bboxes (ndarray): xyxy, has shape (num_tracks, 4).
        gt_bboxes (ndarray): xyxy, has shape (num_gt, 4).
        gt_ids (ndarray): int64, has shape (num_gt, ).
        iou_thr (float): Defaults to 0.5, as CLEAR and IDF1 have it.

    Returns:
        ndarray: Id of the person, ``NO_ID`` for none, int64, has shape
        (num_tracks, ).

    Example:
        >>> boxes = np.array([[0., 0., 10., 10.], [20., 0., 30., 10.]])
        >>> match_identities(boxes, boxes[1:] + 1, np.array([7]))
        array([-1,  7])
    """
    found = np.full(len(bboxes), NO_ID, np.int64)
    if not (len(bboxes) and len(gt_bboxes)):
        return found
    ious = bbox_overlaps(
        torch.as_tensor(bboxes, dtype=torch.float32),
        torch.as_tensor(gt_bboxes, dtype=torch.float32)).numpy()
    gains = np.where(ious >= iou_thr, ious, 0)
    rows, columns = linear_sum_assignment(gains, maximize=True)
    paired = gains[rows, columns] > 0
    found[rows[paired]] = gt_ids[columns[paired]]
    return found


def most_seen(identities: Sequence[ndarray], num: int) -> List[int]:
    """The identities with most rows, in all tables together.

    Args:
        identities (sequence[ndarray]): Of each table, has shape (num_rows, ).
        num (int): How many at most.

    Returns:
        list[int]: In ascending order; without ``NO_ID``.
    """
    joined = np.concatenate([np.zeros(0, np.int64), *identities])
    ids, counts = np.unique(joined[joined != NO_ID], return_counts=True)
    order = np.argsort(-counts, kind='stable')[:num]
    return sorted(ids[order].tolist())
