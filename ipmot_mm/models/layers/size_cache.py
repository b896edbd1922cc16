"""Tensors that follow from the size of the frames alone."""
from collections import OrderedDict
from threading import Lock
from typing import Callable, Set, Tuple

import torch
from torch import Tensor

Shapes = Tuple[Tuple[int, int], ...]


class SizeCache:
    """Keeps what was made for the last sizes of frames.

    All frames of a video have one size. In training, sizes are random, and
    one iteration has so many kernels that nothing is gained: do not ask then.

    What was read while a CUDA graph was recorded is kept for ever, since the
    graph knows it by its address. Threads may ask at once; a copy of the
    cache starts empty. Under ``torch.compile`` nothing is kept, since what a
    compiled function makes may lie where its next call writes.

    Args:
        max_sizes (int): How many to keep. Defaults to 4.
    """

    def __init__(self, max_sizes: int = 4) -> None:
        self.max_sizes = max_sizes
        self._kept: 'OrderedDict[tuple, Tensor]' = OrderedDict()
        self._pinned: Set[tuple] = set()
        self._lock = Lock()

    def get(self, shapes: Shapes, device: torch.device,
            make: Callable[[], Tensor]) -> Tensor:
        """The tensor of a size, which nobody may change.

        Args:
            shapes (tuple[tuple[int, int]]): Height and width of each level.
            device (torch.device): Where it lives.
            make (callable): Makes it, on that device, where it is missing.

        Returns:
            Tensor: Without graph.
        """
        if torch.compiler.is_compiling():
            return make()
        key = (shapes, device)
        with self._lock:
            if key not in self._kept:
                # It will be read outside of an inference mode, too.
                with torch.inference_mode(False), torch.no_grad():
                    self._kept[key] = make()
            self._kept.move_to_end(key)
            if (device.type == 'cuda'
                    and torch.cuda.is_current_stream_capturing()):
                self._pinned.add(key)
            loose = [key for key in self._kept if key not in self._pinned]
            for old in loose[:-self.max_sizes]:
                del self._kept[old]
            return self._kept[key]

    def __reduce__(self) -> tuple:
        return type(self), (self.max_sizes, )
