"""Whose prompts are alike, while the TrackBook learns."""
from typing import Dict, Optional

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from numpy import ndarray

from ipmot_mm.registry import HOOKS
from ipmot_mm.structures.identity_map import IdentityKey
from ipmot_mm.visualization.neighbor_table import draw_neighbors
from ipmot_mm.visualization.picture_file import to_image

from ..distributed import unwrap
from ..identity_crops import cut_identity_crops
from ..language_image.prompt_neighbors import (draw_pool, find_nearest,
                                               measure_alikeness)
from .picture_hook import check_interval, step_of


@HOOKS.register_module()
class NearestIdentitiesHook(Hook):
    """Persons beside those with the nearest prompts, for the visualizer.

    Image ``track_book_neighbors``; numbers ``track_book/cosine``, of two
    prompts, and ``track_book/nearest_cosine``, of a prompt and the nearest
    one, medians over ``max_identities``. Untrained prompts are nearly the
    same; where the numbers stay at 1, the TrackBook does not learn.

    Before the training and after each epoch that is due, on the first rank.
    No random number is drawn. Does nothing without a TrackBook.

    Args:
        interval (int): Epochs from one picture to the next. Defaults to 1.
        num_identities (int): Rows of the picture. Defaults to 6.
        num_neighbors (int): Persons beside each. Defaults to 4.
        max_identities (int): Among how many to look, as of a large TrackBook
            all would take minutes. Defaults to 1000.
    """

    def __init__(self,
                 *,
                 interval: int = 1,
                 num_identities: int = 6,
                 num_neighbors: int = 4,
                 max_identities: int = 1000) -> None:
        check_interval(self, interval, 'epoch')
        self.interval = interval
        self.num_identities = num_identities
        self.num_neighbors = num_neighbors
        self.max_identities = max_identities
        self._crops: Dict[IdentityKey, Optional[ndarray]] = {}

    def before_train(self, runner: Runner) -> None:
        """Draw what untrained prompts, or those of a checkpoint, say.

        Args:
            runner (:obj:`Runner`): With the model on its device.
        """
        self._draw(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Draw if this epoch is due.

        Args:
            runner (:obj:`Runner`): At the end of an epoch.
        """
        if self.every_n_epochs(runner, self.interval):
            # mmengine counts the epoch after its hooks
            self._draw(runner, int(runner.log_processor.by_epoch))

    @torch.no_grad()
    def _draw(self, runner: Runner, uncounted: int = 0) -> None:
        book = getattr(unwrap(runner.model), 'track_book', None)
        if not is_main_process():
            return
        if book is None or len(book.tokens) < 2:
            print_log('NearestIdentitiesHook: nothing to draw, there is no '
                      'TrackBook of two persons', 'current')
            return
        num = min(self.num_identities, len(book.tokens))
        rows = np.linspace(0, len(book.tokens) - 1, num).round().astype(int)
        pool = draw_pool(len(book.tokens), rows.tolist(), self.max_identities)
        texts = book.describe(pool).cpu()
        own = torch.searchsorted(pool, torch.from_numpy(rows))
        nearest = find_nearest(texts[own], texts, self.num_neighbors, own)
        keys = book.identity_map.keys
        neighbors = [[
            (keys[int(pool[ind])], cosine) for ind, cosine in zip(*pair)
        ] for pair in zip(nearest.inds.tolist(), nearest.cosines.tolist())]
        asked = [keys[row] for row in rows]
        self._cut(runner, {*asked, *(key for own in neighbors
                                     for key, _ in own)})
        figure = draw_neighbors(asked, neighbors, {
            key: crop for key, crop in self._crops.items() if crop is not None
        })
        alike, step = measure_alikeness(texts), step_of(runner) + uncounted
        visualizer = runner.visualizer
        visualizer.add_image('track_book_neighbors', to_image(figure), step)
        visualizer.add_scalar('track_book/cosine', alike.median, step)
        visualizer.add_scalar('track_book/nearest_cosine', alike.nearest,
                              step)

    def _cut(self, runner: Runner, keys: set) -> None:
        """Cut out those who were not shown before."""
        new = keys.difference(self._crops)
        found = cut_identity_crops(runner.train_dataloader.dataset, new)
        self._crops.update((key, found.get(key)) for key in new)
