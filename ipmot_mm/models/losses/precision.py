"""In which precision losses compute."""
from torch import Tensor


def at_least_float32(tensor: Tensor) -> Tensor:
    """Widen half precision, in which sums lose their last digits.

    Args:
        tensor (Tensor): Of any floating dtype.

    Returns:
        Tensor: float32, or what is wider already.
    """
    return tensor.float() if tensor.element_size() < 4 else tensor
