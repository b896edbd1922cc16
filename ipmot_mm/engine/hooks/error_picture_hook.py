"""The worst frames of each validation."""
from typing import Dict, List, Optional, Tuple

from mmdet.structures import DetDataSample
from mmengine.dist import all_gather_object
from mmengine.logging import print_log
from mmengine.runner import Runner
from numpy import ndarray

from ipmot_mm.datasets.transforms.load_clip_images import read_image
from ipmot_mm.evaluation import ERRORS, TrackEvalMetric
from ipmot_mm.evaluation.recorded_errors import find_recorded_errors
from ipmot_mm.evaluation.scored_sequence import PEDESTRIAN
from ipmot_mm.evaluation.tracked_frame import (TrackedFrame, merge_ranks,
                                               to_tracked_frame)
from ipmot_mm.registry import HOOKS
from ipmot_mm.visualization.error_timeline import draw_error_timeline
from ipmot_mm.visualization.picture_file import to_image

from ..error_pictures import draw_worst_frames
from .score_picture_hook import ScorePictureHook


@HOOKS.register_module()
class ErrorPictureHook(ScorePictureHook):
    """False positives, misses and identity switches for the visualizer's
    backends.

    Images ``val_worst_frames``, the frames with most errors, and
    ``val_error_timeline``, errors of each frame; in a test, ``test_`` of
    each. Matched as CLEAR does under the benchmark of the metric; videos
    without ground truth are left out. Data of several classes is not drawn.

    Args:
        interval (int): Validations from one picture to the next. Defaults to
            1.
        num_frames (int): Of the worst. Defaults to 9.
        kind (str): ``'all'``, or which of ``ERRORS`` make a frame one of the
            worst: where most is missed, switches are better asked for by
            name. Defaults to ``'all'``.

    Raises:
        ValueError: If the kind is unknown.
    """

    def __init__(self,
                 *,
                 interval: int = 1,
                 num_frames: int = 9,
                 kind: str = 'all') -> None:
        super().__init__(interval=interval)
        if kind not in ('all', *ERRORS):
            raise ValueError(f'ErrorPictureHook: kind must be one of all, '
                             f'{", ".join(ERRORS)}, but got {kind!r}')
        self.num_frames = num_frames
        self.kinds = ERRORS if kind == 'all' else (kind, )
        self._records: List[TrackedFrame] = []
        self._paths: Dict[Tuple[str, int], str] = {}

    def take(self, frame: DetDataSample, place: int) -> None:
        """Keep the boxes of a frame, and where its image is."""
        record = to_tracked_frame(frame, (PEDESTRIAN, ))
        self._records.append(record)
        self._paths[record.video_name, record.frame_id] = frame.img_path

    def gather(self) -> None:
        """Bring together what all ranks have seen."""
        parts = all_gather_object((self._records, self._paths))
        self._records = merge_ranks([records for records, _ in parts])
        self._paths = {
            key: path
            for _, paths in parts for key, path in paths.items()
        }

    def finish(self, runner: Runner, prefix: str) -> None:
        """See :meth:`PictureHook.finish`."""
        super().finish(runner, prefix)
        # on all ranks: what stayed would be taken for the next tracks
        self._records, self._paths = [], {}

    def draw(self, runner: Runner, metric: Optional[TrackEvalMetric],
             prefix: str, step: int) -> None:
        """See :meth:`ScorePictureHook.draw`."""
        class_ids = () if metric is None else metric.scored_classes()[0]
        if len(class_ids) != 1:
            print_log('ErrorPictureHook: nothing to draw, it needs a '
                      'TrackEvalMetric and data of one class', 'current')
            return
        errors = find_recorded_errors(
            self._records,
            benchmark=metric.benchmark,
            class_id=class_ids[0])
        if not errors:
            print_log('ErrorPictureHook: no video has ground truth', 'current')
            return

        def read_frame(name: str, frame: int) -> ndarray:
            return read_image(self._paths[name, frame])

        sheet, _ = draw_worst_frames(
            errors, read_frame, kinds=self.kinds, num=self.num_frames)
        visualizer = runner.visualizer
        if sheet is not None:
            visualizer.add_image(f'{prefix}_worst_frames',
                                 sheet[..., ::-1].copy(), step)
        timeline = draw_error_timeline(
            {name: found.counts for name, (_, found) in errors.items()})
        visualizer.add_image(f'{prefix}_error_timeline', to_image(timeline),
                             step)
