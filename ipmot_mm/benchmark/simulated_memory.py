"""Memory of a training at sizes that this machine cannot train."""
import copy
import weakref
from contextlib import ExitStack, contextmanager
from typing import Any, Callable, Dict, Iterable, Iterator, Optional, Tuple
from unittest import mock

import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ipmot_mm.registry import MODELS
from ipmot_mm.structures import QuerySelection, TrackQueries

from .attention_memory import attention_form
from .memory import (LEVELS, count_bytes, require_model, switch_recomputation,
                     tensors_of)

FLOAT32_ON_CUDA = ((F, 'group_norm'), (F, 'layer_norm'), (F, 'log_softmax'),
                   (F, 'softmax'), (Tensor, 'softmax'), (torch, 'softmax'))
"""What autocast computes in float32 on CUDA, but not on a CPU
(https://pytorch.org/docs/stable/amp.html, op-specific behaviour)."""


class LiveBytes(TorchDispatchMode):
    """Bytes of all tensors that exist, by the lives of their storages.

    Args:
        existing (iterable[Tensor]): There before, and not to be counted.

    Attributes:
        live (int): Bytes at the moment.
        peak (int): The most at any moment.
    """

    def __init__(self, existing: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self.live = self.peak = 0
        self._seen: Dict[int, Any] = {}
        for tensor in existing:
            storage = tensor.untyped_storage()
            self._seen[id(storage)] = weakref.ref(storage)

    def __torch_dispatch__(self,
                           func: Callable,
                           types: Any,
                           args: tuple = (),
                           kwargs: Optional[dict] = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._note(tensor)
        return result

    def _note(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = id(storage), storage.nbytes()
        known = self._seen.get(key)
        if known is not None and known() is storage:
            return

        def release(reference: Any) -> None:
            self.live -= size
            if self._seen.get(key) is reference:
                del self._seen[key]

        self._seen[key] = weakref.ref(storage, release)
        self.live += size
        self.peak = max(self.peak, self.live)


@contextmanager
def cuda_autocast() -> Iterator[None]:
    """Give autocast on a CPU the choice of types that it has on CUDA.

    By replacing the functions: a mode of torch would not see what a backward
    pass computes once more.
    """

    def in_float32(function: Callable) -> Callable:

        def call(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if torch.is_autocast_enabled('cpu'):
                tensor = tensor.float()
            return function(tensor, *args, **kwargs)

        return call

    with ExitStack() as stack:
        for owner, name in FLOAT32_ON_CUDA:
            stack.enter_context(
                mock.patch.object(owner, name,
                                  in_float32(getattr(owner, name))))
        yield


class MemorySimulation:
    """Runs training iterations on tensors that have sizes, but no data.

    Backbone, encoder, decoder, heads, deduplication and updater are those of
    the model, and so is the recomputation. Two things that read values are
    replaced: every frame has ``num_objects`` tracks, and the loss is a sum of
    squares of all that the losses read. The TrackBook's own step comes before
    and is not part of it; what it holds is.

    Args:
        cfg (Config): With ``model``.
        num_objects (int): Tracks of every frame. Defaults to 20.
        num_identities (int): Rows of the TrackBook. Defaults to 1000.
        dtype (torch.dtype, optional): Of autocast; None for float32.
        attention (str): Kind of deformable attention, of ``FORMS``. Defaults
            to ``'pytorch'``.
        like_cuda (bool): Whether autocast chooses types as on CUDA. Defaults
            to True.

    Raises:
        ValueError: If the config has no model.
    """

    def __init__(self,
                 cfg: Config,
                 *,
                 num_objects: int = 20,
                 num_identities: int = 1000,
                 dtype: Optional[torch.dtype] = None,
                 attention: str = 'pytorch',
                 like_cuda: bool = True) -> None:
        require_model(cfg)
        self.num_objects = num_objects
        self.dtype = dtype
        self.attention = attention
        self.like_cuda = like_cuda
        model_cfg = copy.deepcopy(cfg.model)
        model_cfg.detector.backbone.init_cfg = None
        self._standing = _book_bytes(model_cfg.get('track_book'),
                                     num_identities)
        self._fake = FakeTensorMode()
        with self._fake:
            self.model = MODELS.build(model_cfg).train()

    def standing(self) -> Dict[str, int]:
        """Bytes between two iterations, as those of :class:`MemoryProbe`.

        Returns:
            dict[str, int]: ``weights``, ``moments`` (two of AdamW for each
            trained weight), ``track_book``, ``clip``, ``total``, and
            ``trained``.
        """
        weights = tensors_of(self.model)
        trained = sum(_size(weight) for weight in weights
                      if weight.requires_grad)
        parts = dict(
            weights=sum(map(_size, weights)), moments=2 * trained,
            **self._standing)
        return dict(parts, total=sum(parts.values()), trained=trained)

    def peak(self,
             level: str,
             num_frames: int,
             size: Tuple[int, int],
             batch_size: int = 1) -> int:
        """Most bytes that tensors hold at any moment of one iteration.

        The step of the optimiser is taken to hold gradients and, as AdamW
        over all weights at once does, one more number for each of them.

        Args:
            level (str): Of ``LEVELS``.
            num_frames (int): Clip length T.
            size (tuple[int, int]): Width and height of the frames.
            batch_size (int): Clips N. Defaults to 1.

        Returns:
            int: Bytes, with what stands between iterations; without what
            libraries and the driver take beside tensors.
        """
        switch_recomputation(self.model, LEVELS[level])
        live = LiveBytes(tensors_of(self.model))
        with ExitStack() as stack:
            stack.enter_context(self._fake)
            stack.enter_context(live)
            stack.enter_context(attention_form(self.attention))
            if self.like_cuda:
                stack.enter_context(cuda_autocast())
            images = torch.empty(batch_size, num_frames, 3, *size[::-1])
            with torch.autocast(
                    'cpu', dtype=self.dtype, enabled=self.dtype is not None):
                loss = self._loss(images)
            loss.backward()
            self.model.zero_grad(set_to_none=True)
        standing = self.standing()
        return standing['total'] + max(live.peak, 2 * standing['trained'])

    def _loss(self, images: Tensor) -> Tensor:
        """The loop of ``IPMOT.loss`` with tracks that are given."""
        model = self.model
        num_clips, num_frames, _, height, width = images.shape
        memory = model.encode(images,
                              [(height, width)] * num_clips * num_frames)
        tracks = TrackQueries.empty(num_clips, model.detector.embed_dims)
        total = images.new_zeros(())
        for t in range(num_frames):
            outputs = model.step(memory.frame(t, num_frames), tracks)
            for predicted in (outputs.cls_logits, outputs.bboxes,
                              outputs.embeddings, outputs.dedup_logits):
                if predicted is not None:
                    total = total + predicted.float().square().sum()
            if t + 1 < num_frames:
                tracks = model.updater(tracks, outputs,
                                       self._selection(num_clips))
        return total

    def _selection(self, num_clips: int) -> QuerySelection:
        inds = torch.zeros(num_clips, self.num_objects, dtype=torch.long)
        return QuerySelection(
            query_inds=inds,
            valid=inds == 0,
            ids=inds,
            labels=inds,
            scores=inds.float(),
            ious=inds.float(),
            num_frames_missed=inds)


def _size(tensor: Tensor) -> int:
    """Bytes of a weight; those without data cannot be told by address."""
    return tensor.numel() * tensor.element_size()


def _book_bytes(track_book: Optional[dict],
                num_identities: int) -> Dict[str, int]:
    """Rows of a TrackBook with their moments, and its CLIP."""
    if track_book is None:
        return dict(track_book=0, clip=0)
    track_book = copy.deepcopy(track_book)
    track_book.clip.pretrained = None
    book: nn.Module = MODELS.build(track_book)
    towers = [book.frozen_clip.text_encoder, book.frozen_clip.image_encoder]
    return dict(
        # two moments of each number and a counter of each row, float32
        track_book=4 * num_identities * (3 * book.tokens.size(1) + 1),
        clip=count_bytes(
            [tensor for tower in towers for tensor in tensors_of(tower)]))
