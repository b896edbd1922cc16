"""Values of the log, without waiting for the device in every iteration."""
from typing import Any, Optional

from mmengine.hooks import RuntimeInfoHook as _RuntimeInfoHook
from mmengine.runner import Runner

from ipmot_mm.registry import HOOKS

from ..deferred_scalars import defer_histories, defer_scalars


@HOOKS.register_module()
class RuntimeInfoHook(_RuntimeInfoHook):
    """mmengine's hook; losses are fetched when a line of the log needs them.

    It takes the place of mmengine's under its name in this scope. mmengine
    0.10.7 (``mmengine/hooks/runtime_info_hook.py:95-114``) waits for the
    device once per value of every iteration. The message hub, what is logged
    and checkpoints are the same, but of several ranks it is their average,
    not the first one's.
    """

    def before_train_iter(self,
                          runner: Runner,
                          batch_idx: int,
                          data_batch: Any = None) -> None:
        """See :meth:`mmengine.hooks.RuntimeInfoHook.before_train_iter`."""
        super().before_train_iter(runner, batch_idx, data_batch)
        # in every iteration: any hook may bring a new one
        defer_histories(runner.message_hub)

    def after_train_iter(self,
                         runner: Runner,
                         batch_idx: int,
                         data_batch: Any = None,
                         outputs: Optional[dict] = None) -> None:
        """Take what the model returns.

        Args:
            runner (:obj:`Runner`): Of the training.
            batch_idx (int): Not used.
            data_batch (Any): Not used.
            outputs (dict, optional): Numbers and tensors of one element, by
                name; the same names on all ranks.
        """
        if outputs:
            defer_scalars(
                runner.message_hub,
                {f'train/{key}': value
                 for key, value in outputs.items()},
                over_ranks=True)
