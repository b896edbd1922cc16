"""The step of the TrackBook: its texts, and its share of an iteration."""
import copy
from typing import Callable, Dict, Tuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from torch import Tensor

from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.models.track_book.crop_feature_cache import (CropFeatureCache,
                                                           PersonTable)
from ipmot_mm.structures import IdentityMap

from .frame_speed import build_model
from .memory import noise_clip

TEXT_TOLERANCE = 1e-5
FEATURE_TOLERANCE = 2e-3  # of float16, relative


class _Unjudged:
    """In the place of an ``Attempt``: whether all numbers are finite is a
    question of the whole iteration."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args: None


class TextBench:
    """Texts of some identities, encoded in three ways.

    ``whole`` reads all 77 tokens, as CLIP-ReID and CoOp do; ``truncated``
    ends at the end of the text; ``prefix`` also remembers what comes before
    the learned tokens. The weights are random.

    Args:
        head (:obj:`TrackBookHead`): With its CLIP, on the device.
        num_identities (int): K.
    """

    def __init__(self, head: TrackBookHead, num_identities: int) -> None:
        self.encoder = head.frozen_clip.text_encoder
        self.template = head.prompt_template
        self.rows = torch.randn(
            num_identities,
            head.tokens.size(1),
            generator=torch.Generator().manual_seed(0)).to(
                head.tokens.device) * 0.02

    def whole(self, rows: Tensor) -> Tensor:
        """All tokens; the text ends at ``eot_position``."""
        encoder, prompts = self.encoder, self.template(rows)
        padding = encoder.token_embedding.weight[:1].expand(
            len(rows), encoder.context_length - prompts.size(1), -1)
        hidden = torch.cat([prompts, padding], dim=1)
        hidden = encoder.transformer(
            hidden + encoder.positional_embedding,
            attn_mask=encoder.attn_mask)
        end = self.template.eot_position
        return encoder.project(hidden[:, end])

    def truncated(self, rows: Tensor) -> Tensor:
        """Up to the end of the text."""
        return self.encoder(self.template(rows))

    def prefix(self, rows: Tensor) -> Tensor:
        """From the first learned token to the end."""
        return self.encoder(
            self.template.after_prefix(rows), self.template.prefix_ids)

    def ways(self) -> Dict[str, Callable[[Tensor], Tensor]]:
        """All three, by name."""
        return dict(
            whole=self.whole, truncated=self.truncated, prefix=self.prefix)

    def calls(self, with_gradient: bool) -> Dict[str, Callable[[], None]]:
        """What to time.

        Args:
            with_gradient (bool): Whether to go back to the rows, too.
        """

        def call(encode: Callable[[Tensor], Tensor]) -> None:
            if not with_gradient:
                with torch.no_grad():
                    encode(self.rows)
                return
            rows = self.rows.detach().requires_grad_()
            encode(rows).sum().backward()

        return {
            name: (lambda encode=encode: call(encode))
            for name, encode in self.ways().items()
        }

    def difference(self) -> float:
        """Largest difference of a feature from that of the whole text.

        Raises:
            RuntimeError: If there is more than rounding.
        """
        with torch.no_grad():
            found = [encode(self.rows) for encode in self.ways().values()]
        gap = max(float((each - found[0]).abs().max()) for each in found)
        # they have no unit: those of CLIP are about 10 long
        if gap > TEXT_TOLERANCE * max(float(found[0].abs().max()), 1):
            raise RuntimeError(f'texts differ by {gap:.2g}; a timing would '
                               'compare different work.')
        return gap


class TrackBookBench:
    """Whole iterations on a clip of noise, and the TrackBook's part of them.

    CLIP and the tracker have random weights. Crops are encoded ``online`` or
    their features are read from a cache in memory, ``cached``.

    Args:
        cfg (Config): With ``model`` and ``optim_wrapper``.
        size (tuple[int, int]): Width and height of the frames.
        num_frames (int): Clip length T.
        num_objects (int): In every frame.

    Raises:
        ValueError: If the config has no TrackBook or no optimisers, or all
            objects are too small for a crop.
    """

    def __init__(self, cfg: Config, size: Tuple[int, int], num_frames: int,
                 num_objects: int) -> None:
        track_book = copy.deepcopy(cfg.get('model', {}).get('track_book'))
        if track_book is None or not cfg.get('optim_wrapper'):
            raise ValueError(
                'The config has no model.track_book or no optim_wrapper. Take '
                'a config of an experiment that trains with texts.')
        track_book.clip.pretrained = None
        device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        self.model = build_model(cfg, track_book=track_book).to(device).train()
        self.optimizers = build_optim_wrapper(
            self.model, copy.deepcopy(cfg.optim_wrapper))
        self.head = self.model.track_book
        self.head.set_identity_map(
            IdentityMap.from_keys(
                ('noise', 'clip', i) for i in range(num_objects)))
        self.clip = noise_clip(num_frames, size, num_objects)
        for number, frame in enumerate(
                self.clip['data_samples'][0].video_data_samples):
            frame.set_metainfo(dict(img_path=f'{number}.jpg', flip=False))
        self.part = self.model._prepare(self.clip)
        self.num_crops = self._make_cache()

    def _make_cache(self) -> int:
        """Features of the very crops that are cut online."""
        frames = self.part.targets[0]
        chosen = self.head.crop_cutter.select([frames], len(self.head.tokens))
        if len(chosen) == 0:
            raise ValueError(
                'All objects are too small for a crop. Take larger frames, or '
                'a smaller model.track_book.min_crop_size.')
        offsets = np.cumsum([0] + [len(frame) for frame in frames])
        places = offsets[chosen.frame_inds] + chosen.identities.numpy()
        self._switch('online')
        features = np.full((offsets[-1], 2, self.head.joint_dims), np.nan,
                           np.float16)
        found, _ = self.model._crop_features(self.part)
        features[places] = found.cpu().numpy()[:, None]
        self.head.feature_cache = CropFeatureCache(
            PersonTable(
                tuple(frame.name for frame in frames), offsets,
                torch.cat([frame.bboxes for frame in frames]).numpy(),
                torch.cat([frame.identities for frame in frames]).numpy()),
            features)
        return len(chosen)

    def _switch(self, mode: str) -> None:
        self.head.feature_dir = None if mode == 'online' else 'memory'

    def calls(self) -> Dict[str, Callable[[], None]]:
        """Iterations and, alone, the steps of the TrackBook, which end with
        the texts that the tracker learns from."""

        def iteration(mode: str) -> None:
            self._switch(mode)
            self.model.train_step(self.clip, self.optimizers)

        def step(mode: str) -> None:
            self._switch(mode)
            self.model._train_track_book(
                [self.part], self.optimizers['track_book'], _Unjudged())

        return {
            f'{what.__name__}_{mode}':
            (lambda what=what, mode=mode: what(mode))
            for what in (iteration, step) for mode in ('online', 'cached')
        }

    def difference(self) -> float:
        """Largest relative difference of a feature, online and cached.

        Raises:
            RuntimeError: If there is more than rounding to float16.
        """
        found = []
        for mode in ('online', 'cached'):
            self._switch(mode)
            found.append(self.model._crop_features(self.part))
        (online, rows), (cached, same_rows) = found
        gap = float((online - cached).abs().max() / online.abs().max())
        if not torch.equal(rows, same_rows) or gap > FEATURE_TOLERANCE:
            raise RuntimeError(f'crop features differ by {gap:.2g}; a timing '
                               'would compare different work.')
        return gap
