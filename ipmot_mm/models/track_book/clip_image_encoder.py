"""The image tower of CLIP."""
import hashlib
from typing import Any, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from .frozen_tower import FrozenTower

IMAGE_DTYPES = ('float32', 'bfloat16')


class CLIPImageEncoder(FrozenTower):
    """I of the paper, Section 3.2: crops to features of the joint space.

    Args:
        model (nn.Module): ``CLIP`` or ``CustomTextCLIP`` of open_clip.
        image_size (tuple[int, int]): Height and width of a crop.
        pixel_mean (Sequence[float]): Of red, green and blue in [0, 1].
        pixel_std (Sequence[float]): Of red, green and blue in [0, 1].
        dtype (str): ``'float32'`` or ``'bfloat16'``, which the weights keep
            when the tower is moved. Defaults to ``'float32'``, which follows
            the module.

    Raises:
        ValueError: For another type.
    """

    def __init__(self, model: nn.Module, image_size: Tuple[int, int],
                 pixel_mean: Sequence[float],
                 pixel_std: Sequence[float],
                 dtype: str = 'float32') -> None:
        if dtype not in IMAGE_DTYPES:
            raise ValueError(
                f'image_dtype of the clip of a TrackBook must be one of '
                f'{IMAGE_DTYPES}, got {dtype!r}.')
        super().__init__()
        self.low_dtype: Optional[torch.dtype] = (
            None if dtype == 'float32' else getattr(torch, dtype))
        self.image_size = image_size
        self.visual = model.visual
        for name, values in (('pixel_mean', pixel_mean), ('pixel_std',
                                                          pixel_std)):
            self.register_buffer(
                name, torch.tensor(values).view(3, 1, 1), persistent=False)
        self.freeze()
        self._keep_dtype()

    @torch.no_grad()
    def forward(self, crops: Tensor) -> Tensor:
        """Encode B crops.

        Args:
            crops (Tensor): RGB in [0, 1], has shape (B, 3, *image_size).

        Returns:
            Tensor: Features before any normalisation, in the type of the
            tower, has shape (B, D).
        """
        crops = (crops - self.pixel_mean) / self.pixel_std
        if self.low_dtype is not None:
            crops = crops.to(self.low_dtype)
        return self.visual(crops)

    def digest(self) -> str:
        """Name of all that decides on the features of a crop.

        Returns:
            str: Changes with any weight, its type, layer or setting.
        """
        digest = hashlib.sha256(repr(self.visual).encode())
        settings = [_settings(module) for module in self.visual.modules()]
        digest.update(repr((self.image_size, settings)).encode())
        for name, tensor in self.state_dict().items():
            digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'
                          .encode())
            data = tensor.cpu().contiguous().reshape(-1)
            digest.update(data.view(torch.uint8).numpy())
        for values in (self.pixel_mean, self.pixel_std):
            digest.update(repr(values.flatten().tolist()).encode())
        return digest.hexdigest()

    def _apply(self, *args: Any, **kwargs: Any) -> 'CLIPImageEncoder':
        """Follow a move, but for the type."""
        super()._apply(*args, **kwargs)
        self._keep_dtype()
        return self

    def _keep_dtype(self) -> None:
        if self.low_dtype is not None:
            self.visual.to(self.low_dtype)


def _settings(module: nn.Module) -> List[Tuple[str, Any]]:
    """Numbers and names that neither weights nor ``repr`` tell, such as the
    number of heads or the kind of pooling."""
    return sorted(
        (name, value) for name, value in vars(module).items()
        if isinstance(value, (bool, int, float, str))
        and name != 'training' and not name.startswith('_'))
