"""Self-attention between detect and track queries, after each validation."""
from typing import Optional, Union

from mmdet.structures import DetDataSample
from mmengine.runner import Runner
from torch import nn

from ipmot_mm.datasets.transforms.load_clip_images import read_image
from ipmot_mm.registry import HOOKS
from ipmot_mm.visualization.attention_pairs import find_pairs, twin_rate
from ipmot_mm.visualization.attention_plot import draw_attention
from ipmot_mm.visualization.attention_recorder import (AttentionMap,
                                                       AttentionRecorder)
from ipmot_mm.visualization.frame_recorder import FrameRecorder
from ipmot_mm.visualization.picture_file import to_image

from .query_plot_hook import QueryPlotHook


@HOOKS.register_module()
class AttentionPlotHook(QueryPlotHook):
    """The picture of the supplement's Figure 1 for the visualizer's backends.

    Image ``val_attention``, and where there is a track the numbers
    ``val_attention_twins`` and ``val_attention_chance`` of
    :func:`~ipmot_mm.visualization.attention_pairs.twin_rate`; in a test,
    ``test_`` of each.

    Args:
        video (str, optional): See :class:`QueryPlotHook`. Defaults to None.
        interval (int): See :class:`QueryPlotHook`. Defaults to 1.
        frame (int): From 1 on; of a shorter video the last. Defaults to 20.
        layer (int | str): See :class:`AttentionRecorder`. Defaults to -1, the
            last decoder layer.
        num_pairs (int): Those drawn. Defaults to 10.
    """

    def __init__(self,
                 *,
                 video: Optional[str] = None,
                 interval: int = 1,
                 frame: int = 20,
                 layer: Union[int, str] = -1,
                 num_pairs: int = 10) -> None:
        super().__init__(video=video, interval=interval)
        self.frame = frame
        self.layer = layer
        self.num_pairs = num_pairs
        self._attention: Optional[AttentionMap] = None
        self._image_path, self._title = '', ''
        self._score_thr = 0.0

    def make_recorder(self, model: nn.Module) -> FrameRecorder:
        """See :meth:`QueryPlotHook.make_recorder`."""
        self._attention = None
        self._score_thr = model.tracker.track_score_thr
        return AttentionRecorder(model, layer=self.layer)

    def after_val_iter(self, *args, **kwargs) -> None:
        """See :meth:`QueryPlotHook.after_val_iter`."""
        super().after_val_iter(*args, **kwargs)
        if self.recorder is not None:
            self.recorder.clear()

    def see(self, frame: DetDataSample, place: int) -> None:
        """See :meth:`QueryPlotHook.see`."""
        wanted = min(self.frame, frame.video_length) - 1
        if frame.frame_id == wanted:
            self._attention = self.recorder.frames[place]()
            self._image_path = frame.img_path
            self._title = f'{frame.video_name}, frame {frame.frame_id + 1}'

    def draw(self, runner: Runner, prefix: str, step: int) -> bool:
        """See :meth:`QueryPlotHook.draw`."""
        attention, self._attention = self._attention, None
        if attention is None:
            return False
        pairs = find_pairs(attention, score_thr=self._score_thr)
        figure = draw_attention(
            read_image(self._image_path),
            attention,
            pairs[:self.num_pairs],
            title=self._title)
        visualizer = runner.visualizer
        visualizer.add_image(f'{prefix}_attention', to_image(figure), step)
        if pairs:
            rate, chance = twin_rate(attention, pairs)
            visualizer.add_scalar(f'{prefix}_attention_twins', rate, step)
            visualizer.add_scalar(f'{prefix}_attention_chance', chance, step)
        return True
