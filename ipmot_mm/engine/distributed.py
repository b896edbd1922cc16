"""The model wrapper for several ranks."""
from typing import Dict

from mmengine.model import MMDistributedDataParallel, is_model_wrapper
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from ipmot_mm.registry import MODEL_WRAPPERS


@MODEL_WRAPPERS.register_module()
class IPMOTDistributedDataParallel(MMDistributedDataParallel):
    """mmengine's DDP that calls the ``train_step`` of the model.

    mmengine 0.10.7 (mmengine/model/wrappers/distributed.py:96-126) replaces
    it by one forward and one update, which would leave the TrackBook
    untrained. Only the forward of the tracker goes through DDP; the TrackBook
    is added after wrapping and reduces its own rows. Of a batch in parts
    (``model.micro_batch_size``) only the last one averages gradients over the
    ranks.
    """

    def train_step(self, data: dict,
                   optim_wrapper: OptimWrapper) -> Dict[str, Tensor]:
        """See :meth:`IPMOT.train_step`."""
        return self.module.train_step(
            data, optim_wrapper, run=self._run_forward, ctx=self)


def unwrap(model: nn.Module) -> nn.Module:
    """The model without what wraps it for several ranks, if it is wrapped."""
    return model.module if is_model_wrapper(model) else model
