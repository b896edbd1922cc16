"""How the functions of a frame are run: eagerly, as CUDA graphs, compiled."""
from collections import OrderedDict
from contextlib import nullcontext
from dataclasses import fields, is_dataclass, replace
from threading import Lock
from typing import Any, Callable, ContextManager, Dict, Iterator, Optional

import torch
from torch import Tensor

from ipmot_mm.ops.deformable_attention import choose_while_compiling

MAX_GRAPHS = 32
NUM_WARM_UPS = 3


class EagerRunner:
    """Calls functions, kernel by kernel.

    Attributes:
        lock (context manager): To hold during calls, and for as long as what
            they returned is in use; nothing here.
    """

    def __init__(self) -> None:
        self.lock: ContextManager = nullcontext()

    def __call__(self, function: Callable, *args: Any) -> Any:
        """Call a function.

        Args:
            function (callable): A method of the model. Its results depend on
                its arguments and the weights alone.
            args (Tensor | dataclass | Hashable): Its arguments.

        Returns:
            Any: Its result: a tensor, or a dataclass of tensors.
        """
        return function(*args)

    def keep(self, value: Any) -> Any:
        """Make a result last beyond the lock.

        Args:
            value (Tensor | dataclass): A result, or a part of it.

        Returns:
            Any: The same, which later calls do not overwrite.
        """
        return value


class GraphRunner(EagerRunner):
    """Records each function once for all sizes of its inputs, then replays.

    A replay is one launch instead of about a thousand. Inputs are copied to
    where the graph reads them; results lie where it writes them, until the
    next call.

    Args:
        record (callable, optional): Takes a function and arguments, returns
            what repeats the call and its result. Defaults to
            :class:`CudaRecorder`.

    Raises:
        ValueError: If there is no CUDA device to record for.
    """

    def __init__(self, record: Optional[Callable] = None) -> None:
        if record is None and not torch.cuda.is_available():
            raise ValueError(
                'model.frame_mode "cuda_graph" needs a CUDA device, and torch '
                'finds none; set model.frame_mode="eager".')
        self.lock = Lock()
        self.record = record or CudaRecorder()
        self._graphs: Dict[Any, Any] = OrderedDict()

    def __call__(self, function: Callable, *args: Any) -> Any:
        """See :meth:`EagerRunner.__call__`."""
        key = (function.__name__, _weights(function), _precision(),
               _describe(args))
        if key in self._graphs:
            self._graphs.move_to_end(key)
        else:
            # they outlast the inference mode of this call
            with torch.inference_mode(False), torch.no_grad():
                inputs = _map(args, Tensor.clone)
                self._graphs[key] = (inputs, *self.record(function, inputs))
            if len(self._graphs) > MAX_GRAPHS:
                self._graphs.popitem(last=False)
        inputs, replay, result = self._graphs[key]
        for ours, given in zip(_tensors(inputs), _tensors(args)):
            ours.copy_(given)
        replay()
        return result

    def keep(self, value: Any) -> Any:
        """See :meth:`EagerRunner.keep`."""
        return _map(value, Tensor.clone)

    def __reduce__(self) -> tuple:
        """A copy of a model records for itself."""
        return type(self), ()


class CudaRecorder:
    """Records a call as a CUDA graph.

    Recordings of one function share memory: replaying one may overwrite the
    results of another, which are no longer in use then. Those of different
    functions do not: an encoded clip is read while its frames are decoded.
    """

    def __init__(self) -> None:
        self.pools: Dict[str, Any] = {}

    def __call__(self, function: Callable, args: Any) -> Any:
        """Record a call.

        Args:
            function (callable): Launches work on the current device alone and
                waits for none of it.
            args (tuple): Where each replay reads.

        Returns:
            tuple: What replays, and where the replays leave the result.

        Raises:
            ValueError: If the arguments are not on a CUDA device.
        """
        device = next(_tensors(args)).device
        if device.type != 'cuda':
            raise ValueError(
                'model.frame_mode "cuda_graph" needs a model on a CUDA '
                f'device, got {device}; move the model, or set '
                'model.frame_mode="eager".')
        # Weights cast for autocast must be cast within the graph: its cache
        # is dropped at the end of the region that surrounds this call.
        region = torch.autocast(
            'cuda',
            dtype=torch.get_autocast_dtype('cuda'),
            enabled=torch.is_autocast_enabled('cuda'),
            cache_enabled=False)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with region, torch.cuda.stream(side):
            for _ in range(NUM_WARM_UPS):  # libraries choose their kernels
                function(*args)
        torch.cuda.current_stream().wait_stream(side)
        name = function.__name__
        if name not in self.pools:
            self.pools[name] = torch.cuda.graph_pool_handle()
        graph = torch.cuda.CUDAGraph()
        # other threads, which prepare frames, may do what this one may not
        with region, torch.cuda.graph(
                graph,
                pool=self.pools[name],
                capture_error_mode='thread_local'):
            result = function(*args)
        return graph.replay, result


class CompileRunner(EagerRunner):
    """Lets ``torch.compile`` write the kernels and, on CUDA, the graphs.

    Each size is compiled anew, minutes for a large model.

    Args:
        kwargs: Of ``torch.compile``. By default
            ``mode='reduce-overhead', dynamic=False``.
    """

    def __init__(self, **kwargs: Any) -> None:
        self.lock = Lock()
        choose_while_compiling()
        self.options = kwargs or dict(mode='reduce-overhead', dynamic=False)
        self._compiled: Dict[str, Callable] = {}

    def __call__(self, function: Callable, *args: Any) -> Any:
        """See :meth:`EagerRunner.__call__`."""
        name = function.__name__
        if name not in self._compiled:
            self._compiled[name] = torch.compile(function, **self.options)
        torch.compiler.cudagraph_mark_step_begin()
        # graphs of torch.compile write where the last results are
        return _map(self._compiled[name](*args), Tensor.clone)

    def __reduce__(self) -> tuple:
        """A copy of a model compiles for itself."""
        return type(self), ()


FRAME_MODES: Dict[str, Callable[[], EagerRunner]] = {
    'eager': EagerRunner,
    'cuda_graph': GraphRunner,
    'compile': CompileRunner
}


def build_frame_runner(frame_mode: str) -> EagerRunner:
    """Make what runs the functions of a frame.

    Args:
        frame_mode (str): A key of ``FRAME_MODES``.

    Returns:
        EagerRunner: Or a subclass.

    Raises:
        ValueError: If the mode is not known, or needs what is not there.
    """
    if frame_mode not in FRAME_MODES:
        raise ValueError(
            f'model.frame_mode must be one of {", ".join(FRAME_MODES)}, got '
            f'{frame_mode!r}.')
    return FRAME_MODES[frame_mode]()


def _map(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """Change the tensors of nested dataclasses and tuples."""
    if isinstance(value, Tensor):
        return function(value)
    if is_dataclass(value):
        return replace(
            value, **{
                field.name: _map(getattr(value, field.name), function)
                for field in fields(value)
            })
    if isinstance(value, tuple):
        return tuple(_map(part, function) for part in value)
    return value


def _tensors(value: Any) -> Iterator[Tensor]:
    """The tensors of nested dataclasses and tuples."""
    if isinstance(value, Tensor):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _tensors(getattr(value, field.name))
    elif isinstance(value, tuple):
        for part in value:
            yield from _tensors(part)


def _describe(value: Any) -> Any:
    """What of the arguments a recording is bound to, hashable."""
    if isinstance(value, Tensor):
        return tuple(value.shape), value.dtype, value.device
    if is_dataclass(value):
        return type(value), tuple(
            _describe(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, tuple):
        return tuple(_describe(part) for part in value)
    return value


def _weights(function: Callable) -> int:
    """Where the weights are: a model moved or cast is recorded anew."""
    return next(function.__self__.parameters()).data_ptr()


def _precision() -> Optional[torch.dtype]:
    """Type of autocast, None outside of it."""
    if torch.is_autocast_enabled('cuda'):
        return torch.get_autocast_dtype('cuda')
    return None
