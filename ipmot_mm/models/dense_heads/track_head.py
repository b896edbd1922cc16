"""Class, box and embedding branches of every decoder layer."""
from typing import Optional, Sequence

import torch
from mmengine.model import BaseModule, ModuleList, bias_init_with_prob
from torch import Tensor, nn

from ipmot_mm.registry import MODELS


@MODELS.register_module()
class TrackHead(BaseModule):
    """Linear class, MLP box and linear embedding branch per layer.

    No matching and no losses. Branches are not shared between layers since
    the decoder refines boxes; their names are those of mmdet's
    ``DeformableDETRHead``. They compute in float32 also under autocast:
    scores rank queries, and the branches are a small part of the work.

    Args:
        num_classes (int): K.
        embed_dims (int): Query dims C. Defaults to 256.
        num_layers (int): Decoder layers L. Defaults to 6.
        joint_dims (int, optional): Dims D of the instance embedding e
            (Eq. 9 and 10), those of the text features. None builds no
            embedding branch, for a tracker without alignment. Defaults to
            512.
        shares_embed_branch (bool): One embedding branch for all layers.
            Defaults to False.
    """

    def __init__(self,
                 *,
                 num_classes: int,
                 embed_dims: int = 256,
                 num_layers: int = 6,
                 joint_dims: Optional[int] = 512,
                 shares_embed_branch: bool = False,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.num_classes = num_classes
        self.cls_branches = ModuleList(
            [nn.Linear(embed_dims, num_classes) for _ in range(num_layers)])
        self.reg_branches = ModuleList(
            [self._build_reg_branch(embed_dims) for _ in range(num_layers)])
        self.embed_branches = None
        if joint_dims is not None:
            num_branches = 1 if shares_embed_branch else num_layers
            self.embed_branches = ModuleList([
                nn.Linear(embed_dims, joint_dims)
                for _ in range(num_branches)
            ])

    @staticmethod
    def _build_reg_branch(embed_dims: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Linear(embed_dims, embed_dims), nn.ReLU(),
            nn.Linear(embed_dims, embed_dims), nn.ReLU(),
            nn.Linear(embed_dims, 4))

    def init_weights(self) -> None:
        """Class prior 0.01; boxes start at the anchor, small.

        The last box layer is 0, and only that of the first decoder layer has
        a bias of -2 for width and height, after IDEA-Research/DAB-DETR
        @723ddb8 (models/dab_deformable_detr/dab_deformable_detr.py:103-139).
        """
        super().init_weights()
        for branch in self.cls_branches:
            nn.init.constant_(branch.bias, bias_init_with_prob(0.01))
        for branch in self.reg_branches:
            nn.init.zeros_(branch[-1].weight)
            nn.init.zeros_(branch[-1].bias)
        nn.init.constant_(self.reg_branches[0][-1].bias[2:], -2.0)

    def classify(self, hidden_states: Tensor) -> Tensor:
        """Class logits of all layers.

        Args:
            hidden_states (Tensor): Has shape (L, N, Q, C).

        Returns:
            Tensor: Has shape (L, N, Q, K).
        """
        return self._branch(self.cls_branches, hidden_states)

    def embed(self, hidden_states: Tensor) -> Optional[Tensor]:
        """Instance embeddings e of all layers.

        Args:
            hidden_states (Tensor): Has shape (L, N, Q, C).

        Returns:
            Tensor | None: Has shape (L, N, Q, D); None without the branch.
        """
        if self.embed_branches is None:
            return None
        return self._branch(self.embed_branches, hidden_states)

    @staticmethod
    def _branch(branches: Sequence[nn.Module],
                hidden_states: Tensor) -> Tensor:
        """Give each layer to its own branch, or all of them to the one."""
        with torch.autocast(hidden_states.device.type, enabled=False):
            hidden_states = hidden_states.float()
            if len(branches) == 1:
                return branches[0](hidden_states)
            # one product for all layers
            weights = torch.stack([branch.weight for branch in branches])
            biases = torch.stack([branch.bias for branch in branches])
            outputs = torch.baddbmm(biases[:, None],
                                    hidden_states.flatten(1, 2),
                                    weights.transpose(1, 2))
            return outputs.unflatten(1, hidden_states.shape[1:3])
