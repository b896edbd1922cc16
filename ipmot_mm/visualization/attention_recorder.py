"""Keep the attention weights that a frame used."""
from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Union

import torch
import torch.nn.functional as F
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from mmengine.structures import InstanceData
from numpy import ndarray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ipmot_mm.structures import NO_ID

from .frame_recorder import FrameRecorder, SeenFrame

DEDUP = 'dedup'
"""The attention of the deduplication module (paper, Eq. 5)."""


@dataclass(frozen=True)
class AttentionMap:
    """Self-attention among [detect queries ; track queries] of one frame.

    Letters: H heads, Q = Qd + Qt queries.

    Attributes:
        weights (ndarray): How much each query (row) takes from each query
            (column); rows sum to 1, float32, has shape (H, Q, Q).
        num_detect_queries (int): Qd.
        bboxes (ndarray): Predicted by the last layer, xyxy in [0, 1],
            float32, has shape (Q, 4).
        cls_scores (ndarray): sigmoid(c), has shape (Q, ).
        scores (ndarray): Tracking score s of Eq. 6, has shape (Q, ).
        track_ids (ndarray): ``NO_ID`` for detect queries and empty slots,
            int64, has shape (Q, ).
    """
    weights: ndarray
    num_detect_queries: int
    bboxes: ndarray
    cls_scores: ndarray
    scores: ndarray
    track_ids: ndarray


class AttentionRecorder(FrameRecorder):
    """Keeps what one self-attention computed in each frame.

    The weights come from the very query, key and mask that the fused kernel
    was called with, so that they cannot differ from what the model used.

    Args:
        model (nn.Module): An :obj:`IPMOT`.
        layer (int | str): Decoder layer, from 0 on or from the end on, or
            ``'dedup'``. Defaults to -1, the last decoder layer.

    Attributes:
        frames (list[callable]): One for each frame of each video since the
            last :meth:`clear`, oldest first; calling it computes the
            :obj:`AttentionMap`.

    Raises:
        ValueError: If there is no such layer, or track queries are not in it.
    """

    def __init__(self,
                 model: nn.Module,
                 *,
                 layer: Union[int, str] = -1) -> None:
        super().__init__(model)
        self.module = find_attention(model, layer)
        self.frames: List[Callable[[], AttentionMap]] = []
        self._kernel = _KernelInputs()
        self._handles: List[Any] = []

    def clear(self) -> None:
        """Forget the frames so far."""
        self.frames = []

    def attach(self) -> None:
        """See :meth:`FrameRecorder.attach`."""
        super().attach()
        self._handles = [
            self.module.register_forward_pre_hook(
                lambda module, inputs: self._kernel.watch()),
            # also after an error, which would leave the mode behind
            self.module.register_forward_hook(
                lambda module, inputs, result: self._kernel.rest(),
                always_call=True)
        ]

    def detach(self) -> None:
        """See :meth:`FrameRecorder.detach`."""
        super().detach()
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def on_frame(self, seen: SeenFrame, instances: InstanceData) -> None:
        """See :meth:`FrameRecorder.on_frame`."""
        kernel = self._kernel
        if kernel.query is None:
            raise ValueError(
                f'{type(self.module).__name__} did not call '
                'scaled_dot_product_attention, from which weights are read; '
                'take another layer')
        query, key, mask = kernel.query, kernel.key, kernel.mask
        self.frames.append(lambda: _make_map(query, key, mask, seen))


def find_attention(model: nn.Module, layer: Union[int, str]) -> nn.Module:
    """The module whose forward runs a self-attention.

    Args:
        model (nn.Module): An :obj:`IPMOT`.
        layer (int | str): See :class:`AttentionRecorder`.

    Returns:
        nn.Module: In it the attention is called once for each frame.

    Raises:
        ValueError: If there is no such layer, or track queries are not in it.
    """
    if layer == DEDUP:
        if model.dedup is None:
            raise ValueError('layer "dedup": the model has no deduplication '
                             'module; take a decoder layer')
        return model.dedup
    decoder = model.detector.decoder
    first, end = decoder.num_detect_only_layers, len(decoder.layers)
    number = layer + end if isinstance(layer, int) and layer < 0 else layer
    if not (isinstance(number, int) and first <= number < end):
        raise ValueError(
            f'layer must be "{DEDUP}" or a decoder layer in which track '
            f'queries are, {first} to {end - 1}, got {layer!r}')
    return decoder.layers[number].self_attn


def attention_weights(query: Tensor, key: Tensor,
                      mask: Optional[Tensor]) -> Tensor:
    """softmax(q k^T / sqrt(D) + mask), which the fused kernel keeps to itself.

    Args:
        query (Tensor): Has shape (N, H, Q, D).
        key (Tensor): Has shape (N, H, Q, D).
        mask (Tensor, optional): bool, False where nobody may look, or numbers
            that are added; broadcast to (N, H, Q, Q).

    Returns:
        Tensor: float32, has shape (N, H, Q, Q).
    """
    logits = query.float() @ key.float().transpose(-1, -2)
    logits = logits / query.size(-1)**0.5
    if mask is not None and mask.dtype == torch.bool:
        logits = logits.masked_fill(~mask, -torch.inf)
    elif mask is not None:
        logits = logits + mask.float()
    return logits.softmax(-1)


class _KernelInputs(TorchFunctionMode):
    """Sees the fused attention kernel while it watches."""

    def __init__(self) -> None:
        super().__init__()
        self.query: Optional[Tensor] = None
        self.key: Optional[Tensor] = None
        self.mask: Optional[Tensor] = None

    def watch(self) -> None:
        self.__enter__()

    def rest(self) -> None:
        self.__exit__(None, None, None)

    def __torch_function__(self, function: Any, types: Any, args: tuple = (),
                           kwargs: Optional[dict] = None) -> Any:
        kwargs = kwargs or {}
        if function is F.scaled_dot_product_attention:
            given = dict(zip(('query', 'key', 'value', 'attn_mask'), args),
                         **kwargs)
            self.query, self.key = given['query'], given['key']
            self.mask = given.get('attn_mask')
        return function(*args, **kwargs)


@torch.no_grad()
def _make_map(query: Tensor, key: Tensor, mask: Optional[Tensor],
              seen: SeenFrame) -> AttentionMap:
    """Of one of N videos."""
    n, outputs = seen.index, seen.outputs
    if mask is not None:
        mask = mask.expand(len(query), *mask.shape[1:])[n:n + 1]
    weights = attention_weights(query[n:n + 1], key[n:n + 1], mask)[0]
    ids = torch.cat([
        seen.tracks.ids.new_full((outputs.num_detect_queries, ), NO_ID),
        seen.tracks.ids[n].masked_fill(~seen.tracks.valid[n], NO_ID)
    ])
    return AttentionMap(
        weights=weights.cpu().numpy(),
        num_detect_queries=outputs.num_detect_queries,
        bboxes=bbox_cxcywh_to_xyxy(outputs.bboxes[-1, n]).cpu().numpy(),
        cls_scores=outputs.cls_scores[n].cpu().numpy(),
        scores=outputs.scores[n].cpu().numpy(),
        track_ids=ids.cpu().numpy())
