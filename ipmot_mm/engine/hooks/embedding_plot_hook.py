"""Track embeddings by identity, after each validation."""
from typing import List, Optional

import numpy as np
from mmdet.structures import DetDataSample
from mmengine.runner import Runner
from torch import nn

from ipmot_mm.registry import HOOKS
from ipmot_mm.visualization.embedding_plot import (AXIS_NAMES,
                                                   check_projection,
                                                   draw_embeddings,
                                                   make_panels)
from ipmot_mm.visualization.embedding_recorder import EmbeddingRecorder
from ipmot_mm.visualization.embedding_table import (IDENTITY_SOURCES,
                                                    EmbeddingTable,
                                                    rows_of_frame)
from ipmot_mm.visualization.frame_recorder import FrameRecorder
from ipmot_mm.visualization.picture_file import to_image

from .query_plot_hook import QueryPlotHook


@HOOKS.register_module()
class EmbeddingPlotHook(QueryPlotHook):
    """The picture of the paper's Figure 3 for the visualizer's backends.

    Image ``val_embeddings``, and with ground truth the numbers
    ``val_embedding_accuracy`` and ``val_embedding_chance`` of
    :func:`~ipmot_mm.visualization.embedding_scores.neighbour_accuracy`; in a
    test, ``test_`` of each.

    Args:
        video (str, optional): See :class:`QueryPlotHook`. Defaults to None.
        interval (int): See :class:`QueryPlotHook`. Defaults to 1.
        num_frames (int): The first ones of the video. Defaults to 50, as in
            the paper.
        kind (str): One of ``EMBEDDING_KINDS``. Defaults to ``'output'``.
        by (str): One of ``IDENTITY_SOURCES``. Defaults to ``'gt'``.
        num_identities (int): Those seen most. Defaults to 10.
        projection (str): ``'tsne'``, or ``'pca'``, which needs no
            scikit-learn. Defaults to ``'tsne'``.
        min_gap (int): Frames between neighbours. Defaults to 10.
    """

    def __init__(self,
                 *,
                 video: Optional[str] = None,
                 interval: int = 1,
                 num_frames: int = 50,
                 kind: str = 'output',
                 by: str = 'gt',
                 num_identities: int = 10,
                 projection: str = 'tsne',
                 min_gap: int = 10) -> None:
        super().__init__(video=video, interval=interval)
        check_projection(projection)
        if by not in IDENTITY_SOURCES:
            raise ValueError(f'EmbeddingPlotHook: by must be one of '
                             f'{IDENTITY_SOURCES}, got {by!r}')
        self.num_frames = num_frames
        self.kind = kind
        self.options = dict(
            by=by,
            num_identities=num_identities,
            projection=projection,
            min_gap=min_gap)
        self._tables: List[EmbeddingTable] = []

    def make_recorder(self, model: nn.Module) -> FrameRecorder:
        """See :meth:`QueryPlotHook.make_recorder`."""
        self._tables = []
        return EmbeddingRecorder(model, kind=self.kind)

    def see(self, frame: DetDataSample, place: int) -> None:
        """See :meth:`QueryPlotHook.see`."""
        if len(self._tables) >= self.num_frames:
            return
        truth = frame.get('gt_instances')
        bboxes = ids = None
        if truth is not None:
            # tracks are in pixels of the original frame
            bboxes = truth.bboxes.cpu().numpy() / np.tile(
                frame.scale_factor, 2).astype(np.float32)
            ids = truth.instances_ids.cpu().numpy()
        self._tables.append(
            rows_of_frame(frame.pred_track_instances, frame.frame_id, bboxes,
                          ids))

    def draw(self, runner: Runner, prefix: str, step: int) -> bool:
        """See :meth:`QueryPlotHook.draw`."""
        tables, self._tables = self._tables, []
        if not sum(map(len, tables)):
            return False
        name = self._chosen[1]
        panels = make_panels([(name, EmbeddingTable.cat(tables))],
                             **self.options)
        is_by_person = self.options['by'] == 'gt'
        figure = draw_embeddings(
            panels,
            axis_name=AXIS_NAMES[self.options['projection']],
            legend='person' if is_by_person else 'track')
        visualizer, score = runner.visualizer, panels[0].score
        visualizer.add_image(f'{prefix}_embeddings', to_image(figure), step)
        if is_by_person and score.num_rows:
            visualizer.add_scalar(f'{prefix}_embedding_accuracy',
                                  score.accuracy, step)
            visualizer.add_scalar(f'{prefix}_embedding_chance', score.chance,
                                  step)
        return True
