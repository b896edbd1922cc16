"""The TrackBook: learned text tokens for every identity."""
import json
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.model import BaseModule
from torch import Tensor, nn

from ipmot_mm.registry import MODELS
from ipmot_mm.structures import FrameTargets, IdentityMap
from ipmot_mm.structures.packed_transfer import to_device

from ..losses import ImageTextContrastiveLoss
from .clip_encoders import build_clip
from .crop_cutter import CropCutter
from .crop_feature_cache import CropFeatureCache
from .feature_gather import gather_features
from .prompt_template import PromptTemplate
from .row_lookup import look_up_rows

TOKEN_STD = 0.02  # Syliz517/CLIP-ReID@eb1898b, make_model_clipreid.py:213


@MODELS.register_module()
class TrackBookHead(BaseModule):
    """Learn a textual description per identity (paper, Section 3.2).

    Used while training only. One iteration of Algorithm 1 reads::

        crops = head.encode_crops(images, targets)
        features, identities = head.gather([crops])   # of all ranks
        losses = head.loss(features, identities)      # {} without any crop
        ...                     # the TrackBook's own optimiser steps
        texts = head.describe(identities)             # no gradient

    ``tokens`` is the only trainable parameter. Its gradient is sparse: the
    rows of absent identities are not touched, neither by the gradient nor by
    :class:`RowwiseAdamW`. Both towers of CLIP are frozen and kept outside of
    the module tree, so no checkpoint carries them.

    The head has no rows until :meth:`set_identity_map` or a checkpoint says
    which identities there are. The parameter object stays the same, since an
    optimiser may hold it already.

    ``tokens`` and ``identity_keys`` must be left to the head by
    DistributedDataParallel: their shapes change after it was built, and the
    gradient is averaged over ranks by the head itself.

    Args:
        clip (dict): Arguments of :func:`build_clip`.
        template (str): Sentence with ``{}`` for the learned tokens. The paper
            writes it without the period of CLIP-ReID. Defaults to
            ``'A photo of a {} person.'``.
        num_context_tokens (int): M, learned tokens per identity. Defaults
            to 4, best in Table 4.
        t2i_form (str): See :class:`ImageTextContrastiveLoss`. Defaults to
            ``'mean_of_logs'``.
        t2i_weighting (str): Likewise. Defaults to ``'sample'``.
        normalize_features (bool): Whether to compare by cosine times the
            trained scale of CLIP instead of the dot product of Eq. 1.
            Defaults to False.
        max_crops (int): Crops per rank and micro-batch. Defaults to 256.
        min_crop_size (tuple[float, float]): Smallest width and height of a
            box in pixels. Defaults to (8, 16).
        min_visibility (float): Smallest visible share. Defaults to 0.1.
        loss_weight_i2t (float): Defaults to 1.0.
        loss_weight_t2i (float): Defaults to 1.0.
        chunk_size (int): Crops or prompts per forward pass of a tower without
            gradient. Defaults to 256.
        feature_dir (str, optional): Folder for the image features of all
            persons of the training data, encoded once from the original
            images by :class:`TrackBookHook`; ``{work_dir}`` in it is that of
            the run. None encodes crops of the augmented frames in every
            iteration. Defaults to None.
        init_seed (int): Of the tokens, the same on every rank. Defaults to 0.
        init_cfg (dict, optional): Of mmengine. Defaults to None.
    """

    def __init__(self,
                 *,
                 clip: Dict[str, Any],
                 template: str = 'A photo of a {} person.',
                 num_context_tokens: int = 4,
                 t2i_form: str = 'mean_of_logs',
                 t2i_weighting: str = 'sample',
                 normalize_features: bool = False,
                 max_crops: int = 256,
                 min_crop_size: Tuple[float, float] = (8, 16),
                 min_visibility: float = 0.1,
                 loss_weight_i2t: float = 1.0,
                 loss_weight_t2i: float = 1.0,
                 chunk_size: int = 256,
                 feature_dir: Optional[str] = None,
                 init_seed: int = 0,
                 init_cfg: Optional[Dict[str, Any]] = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.frozen_clip = build_clip(**clip)
        self.prompt_template = PromptTemplate(
            template,
            num_context_tokens=num_context_tokens,
            text_encoder=self.frozen_clip.text_encoder)
        self.crop_cutter = CropCutter(
            size=self.frozen_clip.image_encoder.image_size,
            max_crops=max_crops,
            min_box_size=min_crop_size,
            min_visibility=min_visibility)
        self.loss_contrastive = ImageTextContrastiveLoss(
            t2i_form=t2i_form,
            t2i_weighting=t2i_weighting,
            logit_scale=(self.frozen_clip.logit_scale
                         if normalize_features else None),
            loss_weight_i2t=loss_weight_i2t,
            loss_weight_t2i=loss_weight_t2i)
        self.chunk_size = chunk_size
        self.feature_dir = feature_dir
        self.feature_cache: Optional[CropFeatureCache] = None
        self.init_seed = init_seed
        self.identity_map: Optional[IdentityMap] = None
        width = num_context_tokens * self.prompt_template.embed_dims
        self.tokens = nn.Parameter(torch.zeros(0, width))
        self.register_buffer('identity_keys',
                             torch.zeros(0, dtype=torch.uint8))

    @property
    def joint_dims(self) -> int:
        """int: D, which embeddings aligned with the texts must have."""
        return self.frozen_clip.text_encoder.joint_dims

    def set_identity_map(self, identity_map: IdentityMap) -> None:
        """Make one row of tokens per identity, drawn from N(0, 0.02).

        Does nothing where the head has this map already.

        Args:
            identity_map (:obj:`IdentityMap`): Same on all ranks.

        Raises:
            ValueError: If the head has rows of other identities.
        """
        if self.identity_map is not None:
            self._check_same_identities(identity_map)
            return
        self.identity_map = identity_map
        generator = torch.Generator().manual_seed(self.init_seed)
        rows = torch.randn(
            len(identity_map), self.tokens.size(1), generator=generator)
        self.tokens.data = (rows * TOKEN_STD).to(self.tokens)
        self.identity_keys = _to_bytes(identity_map).to(self.tokens.device)

    def encode_crops(
        self, images: Tensor, targets: Sequence[Sequence[FrameTargets]]
    ) -> Tuple[Tensor, Tensor]:
        """Image features of the objects of some clips.

        Args:
            images (Tensor): RGB in [0, 1], padded on the right and bottom,
                has shape (N, T, 3, H, W).
            targets (list[list[:obj:`FrameTargets`]]): T frames of N clips.

        Returns:
            tuple[Tensor, Tensor]: Features without gradient, with shape
            (B, D), and identities on the host, int64, with shape (B, ).
        """
        chosen = self.crop_cutter.select(targets, len(self.tokens))
        crops = self.crop_cutter.cut(images, chosen)
        return self.encode(crops), chosen.identities

    def encode(self, crops: Tensor) -> Tensor:
        """Image features of some crops.

        Args:
            crops (Tensor): RGB in [0, 1], has shape (B, 3, *size).

        Returns:
            Tensor: Without gradient, float32, has shape (B, D).
        """
        if len(crops) == 0:
            return crops.new_zeros(0, self.joint_dims).float()
        with torch.inference_mode():
            features = torch.cat([
                self.frozen_clip.image_encoder(chunk).float()
                for chunk in crops.split(self.chunk_size)
            ])
        # a loss may keep it for its gradient
        return features.clone()

    def read_features(
            self, targets: Sequence[Sequence[FrameTargets]],
            flips: Sequence[bool]) -> Tuple[Tensor, Tensor]:
        """What :meth:`encode_crops` gives, from the feature cache.

        The objects are the same. Their features are those of the original
        images: without the colours of the augmentation, and of whole boxes.

        Args:
            targets (list[list[:obj:`FrameTargets`]]): T frames of N clips.
            flips (list[bool]): Whether each of the N * T frames is mirrored.

        Returns:
            tuple[Tensor, Tensor]: Like :meth:`encode_crops`.

        Raises:
            ValueError: If no cache was opened, or it lacks an object.
        """
        if self.feature_cache is None:
            raise ValueError(
                'The crop features of the TrackBook '
                f'(feature_dir={self.feature_dir!r}) were not opened. '
                'TrackBookHook does that when a training begins: leave it in '
                'default_hooks, or set model.track_book.feature_dir=None.')
        chosen = self.crop_cutter.select(targets, len(self.tokens))
        frames = [frame for clip in targets for frame in clip]
        rows = self.feature_cache.find(
            [frames[ind].name for ind in chosen.frame_inds.tolist()],
            chosen.identities.numpy(),
            [flips[ind] for ind in chosen.frame_inds.tolist()])
        features, there = self.feature_cache.read(rows)
        features, = to_device([features], self.tokens.device)
        return features.float(), chosen.identities[torch.from_numpy(there)]

    @staticmethod
    def gather(
            parts: Sequence[Tuple[Tensor, Tensor]]) -> Tuple[Tensor, Tensor]:
        """Put together what all ranks encoded.

        A collective operation: every rank must call it, also without objects.

        Args:
            parts (sequence[tuple[Tensor, Tensor]]): Of :meth:`encode_crops`,
                one for each part of the batch of this rank.

        Returns:
            tuple[Tensor, Tensor]: Features with shape (B, D), and identities
            on the host, int64, with shape (B, ). The same on every rank.
        """
        features, identities = zip(*parts)
        return gather_features(torch.cat(features), torch.cat(identities))

    def loss(self, features: Tensor, identities: Tensor) -> Dict[str, Tensor]:
        """Both contrastive losses (paper, Eq. 2 to 4).

        Args:
            features (Tensor): Of :meth:`gather`, has shape (B, D).
            identities (Tensor): On the host, int64, has shape (B, ).

        Returns:
            dict[str, Tensor]: ``loss_i2t`` and ``loss_t2i``; empty without
            crops on any rank, so that all ranks skip the step together.
        """
        if len(features) == 0:
            return {}
        inds, class_inds = to_device(
            np.unique(identities.numpy(), return_inverse=True),
            self.tokens.device)
        rows = look_up_rows(self.tokens, inds)  # (K, M * C)
        if rows.requires_grad and get_world_size() > 1:
            rows.register_hook(_mean_over_ranks)
        loss_i2t, loss_t2i = self.loss_contrastive(
            features, self._encode_texts(rows), class_inds)
        return dict(loss_i2t=loss_i2t, loss_t2i=loss_t2i)

    @torch.no_grad()
    def describe(self, identities: Tensor) -> Tensor:
        """Text features of some identities, as they are now.

        Args:
            identities (Tensor): Rows of the TrackBook, on the host, int64,
                has shape (K, ).

        Returns:
            Tensor: Without gradient, not normalised, float32, has shape
            (K, D).
        """
        if len(identities) == 0:
            return self.tokens.new_zeros(0, self.joint_dims)
        inds, = to_device([identities.numpy()], self.tokens.device)
        return torch.cat([
            self._encode_texts(self.tokens[chunk]).float()
            for chunk in inds.split(self.chunk_size)
        ])

    def _encode_texts(self, rows: Tensor) -> Tensor:
        template = self.prompt_template
        return self.frozen_clip.text_encoder(
            template.after_prefix(rows), template.prefix_ids)

    def _apply(self, *args: Any, **kwargs: Any) -> 'TrackBookHead':
        """Move the towers along, although they are no sub-modules."""
        super()._apply(*args, **kwargs)
        self.frozen_clip.text_encoder._apply(*args, **kwargs)
        self.frozen_clip.image_encoder._apply(*args, **kwargs)
        return self

    def _check_same_identities(self, other: IdentityMap) -> None:
        assert self.identity_map is not None
        difference = self.identity_map.difference(other)
        if difference:
            raise ValueError(
                'The TrackBook has other identities than the checkpoint or '
                f'data set given to it: {difference}. Its rows would describe '
                'the wrong persons. Train on the same annotations, or learn '
                'the TrackBook anew: tools/model_converters/'
                'publish_model.py --plain removes its rows from a checkpoint '
                'for load_from.')

    def compare_identities(self, identity_keys: Tensor) -> str:
        """Say how the rows of a checkpoint differ from these.

        Args:
            identity_keys (Tensor): The buffer of this name in a checkpoint,
                uint8.

        Returns:
            str: One line, empty where they do not differ or none are set.
        """
        if self.identity_map is None:
            return ''
        return self.identity_map.difference(
            _from_bytes(identity_keys),
            here='in the data',
            there='in the checkpoint')

    def _load_from_state_dict(self, state_dict: Dict[str, Tensor],
                              prefix: str, local_metadata: Dict[str, Any],
                              strict: bool, missing_keys: List[str],
                              unexpected_keys: List[str],
                              error_msgs: List[str]) -> None:
        """Compare identities before rows are loaded; adopt them if unset."""
        saved_keys = state_dict.get(prefix + 'identity_keys')
        if saved_keys is not None:
            self.set_identity_map(_from_bytes(saved_keys))
            saved_width = state_dict[prefix + 'tokens'].size(1)
            if saved_width != self.tokens.size(1):
                raise ValueError(
                    f'The TrackBook of the checkpoint has {saved_width} '
                    'numbers per identity, expected '
                    f'{self.prompt_template.num_context_tokens} tokens of '
                    f'{self.prompt_template.embed_dims}. Set '
                    'num_context_tokens and clip as in its training.')
        super()._load_from_state_dict(state_dict, prefix, local_metadata,
                                      strict, missing_keys, unexpected_keys,
                                      error_msgs)


def _mean_over_ranks(grad: Tensor) -> Tensor:
    # Ranks compute the same gradient up to the order of its sums on a GPU;
    # without the mean their rows would drift apart.
    grad = grad.clone()
    all_reduce(grad, op='mean')
    return grad


def _to_bytes(identity_map: IdentityMap) -> Tensor:
    """A tensor, since checkpoints and broadcasts of mmengine know no other."""
    data = json.dumps(identity_map.keys, separators=(',', ':'))
    return torch.tensor(list(data.encode()), dtype=torch.uint8)


def _from_bytes(data: Tensor) -> IdentityMap:
    keys = json.loads(bytes(data.tolist()).decode())
    return IdentityMap(tuple(
        (dataset, video, ident) for dataset, video, ident in keys))
