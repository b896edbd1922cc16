"""Give the tracks of each frame their embeddings."""
import torch
from mmengine.structures import InstanceData
from torch import Tensor, nn

from ipmot_mm.structures import QueryOutputs

from .frame_recorder import FrameRecorder, SeenFrame

EMBEDDING_KINDS = ('output', 'instance')
"""``output`` is O of the last decoder layer, which the paper's Figure 3
draws; ``instance`` is e, a linear map of it, which the triplet and the
image-to-text loss align (Eq. 9 and 10)."""


class EmbeddingRecorder(FrameRecorder):
    """While it is attached, predicted tracks have two fields more.

    ``embeddings``, float32, of shape (K, dims), and ``from_track_query``,
    bool, of shape (K, ): False in the frame in which a track is born, where
    its embedding is that of a detect query.

    Args:
        model (nn.Module): An :obj:`IPMOT`.
        kind (str): One of ``EMBEDDING_KINDS``. Defaults to ``'output'``.

    Raises:
        ValueError: If the kind is unknown, or the model was built without
            instance embeddings.
    """

    def __init__(self, model: nn.Module, *, kind: str = 'output') -> None:
        super().__init__(model)
        if kind not in EMBEDDING_KINDS:
            raise ValueError(f'kind must be one of {EMBEDDING_KINDS}, got '
                             f'{kind!r}')
        head = getattr(model.detector, 'bbox_head', None)
        if kind == 'instance' and getattr(head, 'embed_branches',
                                          None) is None:
            raise ValueError(
                'the model has no instance embeddings, its '
                'detector.bbox_head.joint_dims is None; take kind="output", '
                'or a model that was trained with alignment')
        self.kind = kind

    @torch.no_grad()
    def on_frame(self, seen: SeenFrame, instances: InstanceData) -> None:
        """See :meth:`FrameRecorder.on_frame`."""
        selected = seen.selection.gather(self._embed(seen.outputs))
        inds = seen.selection.query_inds[seen.index]
        ids = seen.selection.ids[seen.index].cpu()
        rows = (instances.instances_id[:, None] == ids).int().argmax(1)
        instances.embeddings = selected[seen.index].float().cpu()[rows]
        is_track = inds.cpu() >= seen.outputs.num_detect_queries
        instances.from_track_query = is_track[rows]

    def _embed(self, outputs: QueryOutputs) -> Tensor:
        """Of the last layer, has shape (N, Q, dims)."""
        if self.kind == 'output':
            return outputs.hidden_states[-1]
        return self.model.detector.bbox_head.embed(outputs.hidden_states)[-1]
