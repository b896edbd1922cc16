"""Everything the check finds out about one video."""
from dataclasses import dataclass
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np
from numpy import ndarray

from ipmot_mm.datasets.mot_text import MOTAnnotations
from ipmot_mm.user_errors import some

from .image_check import check_images
from .object_check import check_boxes, check_tracks
from .problems import ProblemLog, group_problems
from .video import Video

CROWDED_SHARE = 0.75
"""Share of the queries from which on objects are said to need most of them:
newborns must find a free one beside the tracks."""
PERCENTILES = (50, 95, 99)


@dataclass(frozen=True)
class VideoReport:
    """Numbers and problems of one video.

    Attributes:
        name (str): Name of the video.
        part (str): Name of the data set that it belongs to.
        size (tuple[int, int], optional): Width and height in pixels.
        num_rows (int): Rows of the annotations.
        num_ignored (int): Rows that do not count, by their conf.
        classes (dict[int, int]): Rows that count of each class number, see
            :attr:`MOTAnnotations.counts`.
        objects_per_frame (ndarray): Objects trained on in each frame, int64,
            has shape (num_frames, ).
        heights (ndarray): Of their boxes in pixels, has shape (num_objects,).
        visibilities (ndarray): Their visible share, has shape
            (num_objects, ).
        num_identities (int): Different objects; a row of the TrackBook each.
        class_ids (tuple[int]): Class numbers that are trained on.
        counts (dict[str, int]): Of :func:`check_boxes` and
            :func:`check_tracks`.
        problems (:obj:`ProblemLog`): What is wrong.
    """
    name: str
    part: str
    size: Optional[Tuple[int, int]]
    num_rows: int
    num_ignored: int
    classes: Dict[int, int]
    objects_per_frame: ndarray
    heights: ndarray
    visibilities: ndarray
    num_identities: int
    class_ids: Tuple[int, ...]
    counts: Dict[str, int]
    problems: ProblemLog

    def to_dict(self) -> Dict[str, Any]:
        """The report as plain numbers and texts, for a JSON file."""
        return dict(
            name=self.name,
            part=self.part,
            size=self.size,
            num_frames=len(self.objects_per_frame),
            num_rows=self.num_rows,
            num_ignored=self.num_ignored,
            classes={str(key): n for key, n in self.classes.items()},
            num_objects=len(self.heights),
            num_identities=self.num_identities,
            objects_per_frame=distribution(self.objects_per_frame),
            frames_without_objects=int((self.objects_per_frame == 0).sum()),
            box_height=distribution(self.heights),
            visibility=distribution(self.visibilities),
            **self.counts,
            problems={
                group.kind: dict(
                    count=group.count,
                    is_error=group.is_error,
                    messages=[each.message for each in group.problems])
                for group in group_problems([self.problems])
            })


def distribution(values: ndarray) -> Dict[str, float]:
    """Mean, extremes and percentiles; empty without a value.

    Args:
        values (ndarray): Numbers, has shape (n, ).

    Returns:
        dict[str, float]: ``mean``, ``min``, ``max`` and ``p50``, ...
    """
    if len(values) == 0:
        return {}
    return dict(
        mean=round(float(np.mean(values)), 3),
        min=float(np.min(values)),
        max=float(np.max(values)),
        **{
            f'p{q}': round(float(np.percentile(values, q)), 3)
            for q in PERCENTILES
        })


def check_video(video: Video,
                *,
                part: str,
                class_ids: Sequence[int] = (1, ),
                num_queries: int = 300,
                decode: bool = False,
                seed: int = 0) -> VideoReport:
    """Check images, boxes and tracks of a video.

    Args:
        video (:obj:`Video`): What could be read of it.
        part (str): Name of its data set.
        class_ids (Sequence[int]): Class numbers that are trained on.
            Defaults to ``(1, )``.
        num_queries (int): Detect queries of the model. Defaults to 300.
        decode (bool): Whether to decode all images. Defaults to False.
        seed (int): Chooses the images that are decoded. Defaults to 0.

    Returns:
        :obj:`VideoReport`: Numbers, and all problems including those that
        the video had already.
    """
    log = video.problems
    sizes = check_images(
        video.image_paths,
        log,
        expected=video.size,
        one_size=not video.is_stills,
        decode=decode,
        seed=seed)
    size = next(iter(sizes.values()), video.size)
    rows = video.annotations
    objects = _choose_objects(rows, class_ids, log)
    # Stills differ in size, and their boxes may reach far beyond the frame.
    counts = check_boxes(objects, None if video.is_stills else size, log)
    if not video.is_stills:
        counts.update(check_tracks(objects, log))
    per_frame = np.bincount(
        objects.frame_numbers - video.frame_numbers.start,
        minlength=len(video.frame_numbers))
    _check_counts(per_frame, video, num_queries, log)
    counted = rows.class_ids[rows.counts]
    return VideoReport(
        name=video.name,
        part=part,
        size=size,
        num_rows=len(rows),
        num_ignored=len(rows) - len(counted),
        classes=dict(zip(*(a.tolist() for a in np.unique(
            counted, return_counts=True)))),
        objects_per_frame=per_frame,
        heights=objects.bboxes[:, 3] - objects.bboxes[:, 1],
        visibilities=objects.visibilities,
        num_identities=len(np.unique(objects.instance_ids)),
        class_ids=tuple(class_ids),
        counts=counts,
        problems=log)


def _choose_objects(rows: MOTAnnotations, class_ids: Sequence[int],
                    log: ProblemLog) -> MOTAnnotations:
    """The rows that :obj:`MOTClipDataset` trains on."""
    odd = ~np.isin(rows.confidences, (0, 1))
    if odd.any():
        log.warn(
            'conf is neither 0 nor 1', f'{odd.sum()} rows, such as '
            f'{rows.confidences[odd][0]:g}. conf is no score here: it is cut '
            'to a whole number, and 0 leaves a row out.')
    known = rows[np.isin(rows.class_ids, list(class_ids))]
    objects = known[known.counts]
    if len(known) and not len(objects):
        log.error(
            'no object of the classes', f'all {len(known)} rows of the '
            f'classes {some(class_ids)} have conf 0, which leaves them out. '
            'Column 7 of gt.txt must be 1 for what counts.')
    elif len(rows) and not len(objects):
        log.error(
            'no object of the classes', f'none of {len(rows)} rows has a '
            f'class in {tuple(class_ids)}; the classes are '
            f'{some(np.unique(rows.class_ids).tolist())}. Choose them with '
            'class_ids, or correct column 8 of gt.txt.')
    return objects


def _check_counts(per_frame: ndarray, video: Video, num_queries: int,
                  log: ProblemLog) -> None:
    empty = np.flatnonzero(per_frame == 0) + video.frame_numbers.start
    if len(empty) and per_frame.any():
        log.warn(
            'frames without objects', f'{len(empty)} of {len(per_frame)} '
            f'frames have no object: {some(empty.tolist())}')
    most = int(per_frame.max(initial=0))
    if most > CROWDED_SHARE * num_queries:
        frame = int(per_frame.argmax()) + video.frame_numbers.start
        share = ('more than' if most > num_queries else
                 f'over {CROWDED_SHARE:.0%} of')
        log.warn(
            'objects per frame', f'{most} objects in frame {frame}, {share} '
            f'the {num_queries} detect queries. Raise '
            'model.detector.num_queries.')
