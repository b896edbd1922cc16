"""Mixed precision in bfloat16, on any device."""
from contextlib import contextmanager
from typing import Iterator

import torch
from torch import nn

from ipmot_mm.registry import OPTIM_WRAPPERS

from .optim_wrapper import OptimWrapper


def knows_bfloat16() -> bool:
    """Whether the accelerator computes bfloat16 itself; a CPU always does.

    torch counts GPUs that only emulate it, more slowly than float32.

    Returns:
        bool: False for CUDA GPUs before Ampere, such as V100 and T4.
    """
    if not torch.cuda.is_available() or torch.version.hip is not None:
        return True
    return torch.cuda.get_device_capability()[0] >= 8


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Run the forward under autocast to bfloat16; no scaling of the loss.

    bfloat16 has the range of float32, so that gradients do not vanish and no
    scaler is needed. mmengine's ``AmpOptimWrapper`` (mmengine 0.10.7,
    mmengine/optim/optimizer/amp_optimizer_wrapper.py:72-75) has one, and
    refuses to run without an accelerator; take it for float16. Parameters,
    gradients and the state of the optimiser stay in float32.

    Args:
        kwargs: As :class:`OptimWrapper`.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast on the device of the model, and what mmengine does.

        Args:
            model (nn.Module): That runs, wrapped or not.

        Raises:
            ValueError: If the model is on a GPU without bfloat16.
        """
        device_type = next(model.parameters()).device.type
        if device_type == 'cuda' and not knows_bfloat16():
            raise ValueError(
                'BFloat16OptimWrapper needs a GPU that knows bfloat16 '
                f'(Ampere or newer), got {torch.cuda.get_device_name()}; '
                'take AmpOptimWrapper with dtype="float16", or train with '
                '--amp float16.')
        with super().optim_context(model), torch.autocast(
                device_type, dtype=torch.bfloat16):
            yield
