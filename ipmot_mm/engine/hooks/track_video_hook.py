"""Write annotated videos while validating or testing."""
from pathlib import Path
from typing import Optional, Sequence, Tuple

import cv2
from mmdet.structures import TrackDataSample
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from ipmot_mm.datasets.transforms.load_clip_images import read_image
from ipmot_mm.registry import HOOKS
from ipmot_mm.visualization import TrackVisualizer, VideoWriter


@HOOKS.register_module()
class TrackVideoHook(Hook):
    """Draws the predicted tracks, one ``<out_dir>/<video_name>.mp4`` a video.

    It stands in for mmdet's ``TrackVisualizationHook``, which writes single
    pictures with matplotlib (half a second each) and fails where the test
    pipeline keeps the ground truth (mmdet 3.3.0,
    visualization/local_visualizer.py:570-577). One file is open at a time; it
    is finished when the next video starts, when the epoch ends, and when the
    run is interrupted.

    Args:
        enable (bool): Whether to do anything. Defaults to False.
        show (bool): Whether to show the frames in a window as well. Defaults
            to False.
        out_dir (str, optional): Folder of the videos. Defaults to None, which
            is ``track_videos`` in the folder of the run's log.
        fps (float): Frames a second. Defaults to 10.
        score_thr (float): Tracks with a lower score are not drawn. Defaults
            to 0.
    """

    def __init__(self,
                 *,
                 enable: bool = False,
                 show: bool = False,
                 out_dir: Optional[str] = None,
                 fps: float = 10,
                 score_thr: float = 0.0) -> None:
        self.enable = enable
        self.show = show
        self.out_dir = out_dir
        self.fps = fps
        self.visualizer = TrackVisualizer(score_thr=score_thr)
        self._writer: Optional[VideoWriter] = None
        self._video: Optional[Tuple[object, ...]] = None

    def after_val_iter(self,
                       runner: Runner,
                       batch_idx: int,
                       data_batch: Optional[dict] = None,
                       outputs: Optional[Sequence[TrackDataSample]] = None
                       ) -> None:
        """Draw the frames of one iteration.

        Args:
            runner (Runner): Tells where the run writes.
            batch_idx (int): Not used.
            data_batch (dict, optional): Not used.
            outputs (Sequence[TrackDataSample], optional): Predictions, with
                ``pred_track_instances`` and ``img_path`` in each frame.
        """
        if self.enable:
            for sample in outputs or ():
                self._draw(runner, sample)

    def after_test_iter(self,
                        runner: Runner,
                        batch_idx: int,
                        data_batch: Optional[dict] = None,
                        outputs: Optional[Sequence[TrackDataSample]] = None
                        ) -> None:
        """Draw the frames of one iteration; see :meth:`after_val_iter`."""
        self.after_val_iter(runner, batch_idx, data_batch, outputs)

    def after_val_epoch(self,
                        runner: Runner,
                        metrics: Optional[dict] = None) -> None:
        """Finish the last video."""
        self._close()

    def after_test_epoch(self,
                         runner: Runner,
                         metrics: Optional[dict] = None) -> None:
        """Finish the last video."""
        self._close()

    def _draw(self, runner: Runner, sample: TrackDataSample) -> None:
        for frame in sample.video_data_samples:
            # Names repeat over data sets, ids over runs of the loader.
            video = (frame.get('dataset_name'), frame.get('video_id'),
                     frame.video_name)
            if video != self._video:
                self._open(runner, video)
            image = self.visualizer.draw(
                read_image(frame.img_path), frame.pred_track_instances)
            self._writer.write(image)
            if self.show:
                self._show(image)

    def _open(self, runner: Runner, video: Tuple[object, ...]) -> None:
        self._close()
        folder = Path(
            self.out_dir or Path(runner.work_dir) / runner.timestamp /
            'track_videos')
        self._video = video
        self._writer = VideoWriter(folder / f'{video[-1]}.mp4', self.fps)

    def _close(self) -> None:
        self.visualizer.reset()
        if self._writer is not None:
            self._writer.close()
            print_log(
                f'{self._writer.num_frames} frames with tracks written to '
                f'{self._writer.path}', 'current')
        self._writer = self._video = None

    def _show(self, image) -> None:
        try:
            cv2.imshow('tracks', image)
            cv2.waitKey(1)
        except cv2.error:
            # Headless builds of OpenCV have no windows; the files are
            # written all the same.
            print_log('show=True needs an OpenCV with a display; going on '
                      'without a window', 'current')
            self.show = False
