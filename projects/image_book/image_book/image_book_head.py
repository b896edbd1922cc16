"""What the embeddings learn from is an image feature instead of a text."""
from typing import Any, Dict

import numpy as np
import torch
from torch import Tensor

from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.structures.packed_transfer import to_device


@MODELS.register_module()
class ImageBookHead(TrackBookHead):
    """A TrackBook that describes an identity by the mean of its crops.

    It stands where :class:`TrackBookHead` does, so that Eq. 10 of the paper
    compares with the mean image feature of CLIP over all crops of the
    identity that were seen so far. No text is learned: the tokens keep their
    first values, and there is no loss of the TrackBook. What is left of the
    paper's alignment says whether the text adds anything to the image.

    The features have the length that the image tower gives them. Towers that
    give texts another length need ``normalize_features`` of the head and
    ``logit_scale`` of the loss for a comparison.

    Args:
        kwargs: Of :class:`TrackBookHead`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.register_buffer('feature_sums', torch.zeros(0, self.joint_dims))
        self.register_buffer('num_crops', torch.zeros(0))

    def set_identity_map(self, identity_map: IdentityMap) -> None:
        """As the parent; then no crop was seen of any identity.

        Args:
            identity_map (:obj:`IdentityMap`): Same on all ranks.

        Raises:
            ValueError: If the head has rows of other identities.
        """
        super().set_identity_map(identity_map)
        if len(self.num_crops) != len(identity_map):
            self.num_crops = self.num_crops.new_zeros(len(identity_map))
            self.feature_sums = self.feature_sums.new_zeros(
                len(identity_map), self.joint_dims)

    def loss(self, features: Tensor, identities: Tensor) -> Dict[str, Tensor]:
        """Remember the crops; there is nothing to learn.

        Args:
            features (Tensor): Of :meth:`gather`, has shape (B, D).
            identities (Tensor): On the host, int64, has shape (B, ).

        Returns:
            dict: Empty, so that the TrackBook makes no step.
        """
        if len(features):
            inds, = to_device([identities.numpy()], features.device)
            self.feature_sums.index_add_(0, inds, features)
            self.num_crops.index_add_(0, inds, torch.ones_like(features[:,
                                                                        0]))
        return {}

    @torch.no_grad()
    def describe(self, identities: Tensor) -> Tensor:
        """Mean image features of some identities.

        Args:
            identities (Tensor): Rows of the TrackBook, on the host, int64,
                has shape (K, ).

        Returns:
            Tensor: Has shape (K, D). An identity none of whose crops could be
            used so far has the mean over all identities.
        """
        inds, = to_device([np.asarray(identities)], self.num_crops.device)
        counts = self.num_crops[inds, None]
        mean = self.feature_sums.sum(0) / self.num_crops.sum().clamp(min=1)
        return torch.where(counts > 0,
                           self.feature_sums[inds] / counts.clamp(min=1), mean)
