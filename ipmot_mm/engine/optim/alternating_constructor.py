"""Two optimisers: one for the tracker, one for the TrackBook."""
from typing import Optional

from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapperDict
from torch import nn

from ipmot_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS

from ..distributed import unwrap


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class AlternatingOptimWrapperConstructor:
    """Build the optimisers that :meth:`IPMOT.train_step` alternates.

    Example of a config::

        optim_wrapper = dict(
            constructor='AlternatingOptimWrapperConstructor',
            tracker=dict(
                type='OptimWrapper',
                optimizer=dict(type='AdamW', lr=2e-4),
                paramwise_cfg=dict(custom_keys=...)),
            track_book=dict(
                type='OptimWrapper',
                optimizer=dict(type='RowwiseAdamW', lr=3.5e-4)))

    The TrackBook is built here, since only training needs it. Without one in
    the model the ``track_book`` part is left unused.

    Args:
        optim_wrapper_cfg (dict): With ``tracker`` and ``track_book``.
        paramwise_cfg (dict, optional): Must be None: it belongs into
            ``tracker``.
    """

    def __init__(self,
                 optim_wrapper_cfg: dict,
                 paramwise_cfg: Optional[dict] = None) -> None:
        self._refuse_accumulation('optim_wrapper', optim_wrapper_cfg)
        names = set(optim_wrapper_cfg) - {'type', 'constructor'}
        if names - {'tracker', 'track_book'} or 'tracker' not in names:
            raise ValueError(
                'optim_wrapper needs the keys "tracker" and "track_book", '
                f'got {sorted(names)}. Settings of an optimiser go into one '
                'of the two.')
        if paramwise_cfg is not None:
            raise ValueError('Move optim_wrapper.paramwise_cfg to '
                             'optim_wrapper.tracker.paramwise_cfg.')
        for name in sorted(names):
            self._refuse_accumulation(f'optim_wrapper.{name}',
                                      optim_wrapper_cfg[name])
        for key in ('clip_grad', 'paramwise_cfg'):
            if optim_wrapper_cfg.get('track_book', {}).get(key) is not None:
                raise ValueError(
                    f'optim_wrapper.track_book does not take "{key}": the '
                    'TrackBook is one table with sparse gradients. Leave it '
                    'out, or move it to optim_wrapper.tracker.')
        self.optim_wrapper_cfg = optim_wrapper_cfg

    @staticmethod
    def _refuse_accumulation(name: str, cfg: dict) -> None:
        counts = cfg.get('accumulative_counts', 1)
        if counts != 1:
            raise ValueError(
                f'{name}.accumulative_counts={counts} would '
                'train otherwise than that many GPUs: with another T in each '
                'part, more steps of the TrackBook and other schedules. Leave '
                'it out; multiply train_dataloader.batch_size by it and set '
                'model.micro_batch_size to the old batch_size (such as 8 and '
                '1 for 8 GPUs with a clip each).')

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        """Build the optimisers, and the TrackBook.

        Args:
            model (nn.Module): :class:`IPMOT`, wrapped or not.

        Returns:
            :obj:`OptimWrapperDict`: ``tracker``, and ``track_book`` where the
            model has one.
        """
        model = unwrap(model)
        tracker = dict(self.optim_wrapper_cfg['tracker'])
        paramwise_cfg = tracker.pop('paramwise_cfg', None)
        tracker.setdefault('type', 'OptimWrapper')
        # The tracker's comes first: the TrackBook is no part of it.
        wrappers = dict(
            tracker=DefaultOptimWrapperConstructor(tracker, paramwise_cfg)(
                model))
        model.build_track_book()
        if model.track_book is not None:
            wrappers['track_book'] = self._build_track_book(model)
        return OptimWrapperDict(**wrappers)

    def _build_track_book(self, model: nn.Module) -> nn.Module:
        from mmengine.registry import OPTIM_WRAPPERS
        if 'track_book' not in self.optim_wrapper_cfg:
            raise ValueError('model.track_book needs its own optimiser; add '
                             'optim_wrapper.track_book.')
        cfg = dict(self.optim_wrapper_cfg['track_book'])
        cfg.setdefault('type', 'OptimWrapper')
        optimizer = OPTIMIZERS.build({
            **cfg.pop('optimizer'), 'params': [model.track_book.tokens]
        })
        return OPTIM_WRAPPERS.build({**cfg, 'optimizer': optimizer})
