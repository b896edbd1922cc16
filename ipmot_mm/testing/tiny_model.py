"""The shipped model made small, and clips to feed it."""
import copy
from pathlib import Path
from typing import Any, Dict, Tuple, Union

import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.config import Config, ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor

from .tiny_clip import tiny_clip_cfg

PACKAGE = Path(__file__).resolve().parents[1]
NUM_HEADS = 4


def config_root() -> Path:
    """Folder of the shipped configs.

    Returns:
        Path: Inside of the package where it was installed, else next to it.

    Raises:
        FileNotFoundError: If the package was installed without them.
    """
    for folder in (PACKAGE / '.mim' / 'configs', PACKAGE.parent / 'configs'):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f'no configs in {PACKAGE / ".mim"} nor beside {PACKAGE}; install the '
        'package from its repository')


def tiny_model_cfg(base: Union[str, ConfigDict] = 'ipmot_dab_r50',
                   *,
                   embed_dims: int = 32,
                   num_queries: int = 12,
                   num_levels: int = 2,
                   num_layers: int = 2,
                   num_detect_only_layers: int = 1,
                   with_track_book: bool = False) -> ConfigDict:
    """A shipped model with smaller numbers: it is shrunk, not rewritten.

    Args:
        base (str | ConfigDict): Name of a file in ``configs/_base_/models``,
            or the ``model`` of a config on a ResNet-50. Defaults to
            ``'ipmot_dab_r50'``.
        embed_dims (int): C, a multiple of 8. Defaults to 32.
        num_queries (int): Detect queries Qd. Defaults to 12.
        num_levels (int): Feature levels V, 1 to 4. Defaults to 2.
        num_layers (int): Decoder layers L. Defaults to 2.
        num_detect_only_layers (int): Defaults to 1.
        with_track_book (bool): Whether to keep the TrackBook, on a CLIP of
            :func:`tiny_clip_cfg`. Without it, ``image_to_text`` goes too.
            Defaults to False.

    Returns:
        ConfigDict: For ``MODELS.build``; a new one at every call. Fewer
        layers are aligned where there are fewer that all queries share.

    Example:
        >>> tiny_model_cfg(num_layers=3).detector.decoder.num_layers
        3
    """
    if isinstance(base, str):
        file = config_root() / '_base_' / 'models' / f'{base}.py'
        cfg = Config.fromfile(file).model
    else:
        cfg = copy.deepcopy(base)
    _shrink_detector(cfg.detector, embed_dims, num_queries, num_levels)
    cfg.detector.decoder.update(
        num_layers=num_layers, num_detect_only_layers=num_detect_only_layers)
    cfg.updater.update(
        embed_dims=embed_dims,
        num_heads=NUM_HEADS,
        feedforward_channels=2 * embed_dims)
    if cfg.get('dedup') is not None:
        cfg.dedup.update(embed_dims=embed_dims, num_heads=NUM_HEADS)
    num_joint = num_layers - num_detect_only_layers
    cfg.clip_loss.align_layers = min(cfg.clip_loss.align_layers, num_joint)
    clip = tiny_clip_cfg()
    if cfg.detector.bbox_head.get('joint_dims') is not None:
        cfg.detector.bbox_head.joint_dims = clip['embed_dim']
    if with_track_book:
        cfg.track_book.clip = dict(pretrained=None, seed=0, model_cfg=clip)
        cfg.track_book.min_crop_size = (1, 1)
    else:
        cfg.track_book = cfg.clip_loss.image_to_text = None
    return cfg


def _shrink_detector(detector: ConfigDict, embed_dims: int, num_queries: int,
                     num_levels: int) -> None:
    """Backbone of 8 channels, one encoder layer, thin attention."""
    attention = dict(embed_dims=embed_dims, num_heads=NUM_HEADS)
    deformable = dict(attention, num_levels=num_levels)
    ffn = dict(embed_dims=embed_dims, feedforward_channels=2 * embed_dims)
    num_stages = min(num_levels, 3)  # a fourth level comes from the neck
    detector.update(num_queries=num_queries, num_feature_levels=num_levels)
    detector.backbone.update(
        depth=18, base_channels=8, out_indices=(1, 2, 3)[-num_stages:])
    detector.neck.update(
        in_channels=[16, 32, 64][-num_stages:],
        out_channels=embed_dims,
        num_outs=num_levels)
    detector.neck.norm_cfg.update(num_groups=4)
    detector.positional_encoding.update(num_feats=embed_dims // 2)
    detector.encoder.update(num_layers=1)
    detector.encoder.layer_cfg.update(self_attn_cfg=deformable, ffn_cfg=ffn)
    detector.decoder.layer_cfg.update(
        self_attn_cfg=attention, cross_attn_cfg=deformable, ffn_cfg=ffn)


def make_clip(*num_objects: int,
              num_frames: int = 3,
              size: Tuple[int, int] = (96, 64),
              seed: int = 0) -> Dict[str, Any]:
    """A batch of clips of noise with objects that drift to the right.

    Where the picture matters, take :func:`tiny_sample` instead.

    Args:
        num_objects (int): Objects of each clip; so many numbers, so many
            clips N.
        num_frames (int): T. Defaults to 3.
        size (tuple[int, int]): Image (width, height). Defaults to (96, 64).
        seed (int): Of the noise and the boxes; clip n draws from seed + n.
            Defaults to 0.

    Returns:
        dict: ``inputs``, N uint8 BGR tensors of shape (T, 3, H, W), and
        ``data_samples``, N ``TrackDataSample`` of T frames, as a data loader
        gives them. Ids count from 1, identities of clip n from 100 * n.

    Example:
        >>> batch = make_clip(4, 2)
        >>> [len(sample[0].gt_instances) for sample in batch['data_samples']]
        [4, 2]
    """
    inputs, data_samples = [], []
    for n, count in enumerate(num_objects):
        random = torch.Generator().manual_seed(seed + n)
        width, height = size
        inputs.append(
            torch.randint(
                256, (num_frames, 3, height, width),
                dtype=torch.uint8,
                generator=random))
        extent = torch.tensor([width, height])
        corners = torch.rand(count, 2, generator=random) * extent * 0.6
        sizes = (0.1 + 0.2 * torch.rand(count, 2, generator=random)) * extent
        clip = TrackDataSample()
        clip.video_data_samples = [
            _frame(corners + torch.tensor([2.0 * t, 0.0]), sizes, t,
                   num_frames, size, 100 * n) for t in range(num_frames)
        ]
        data_samples.append(clip)
    return dict(inputs=inputs, data_samples=data_samples)


def _frame(corners: Tensor, sizes: Tensor, t: int, num_frames: int,
           size: Tuple[int, int], first_identity: int) -> DetDataSample:
    """Meta information and ground truth of one frame."""
    ids = torch.arange(1, len(corners) + 1)
    shape = (size[1], size[0])
    frame = DetDataSample(
        metainfo=dict(
            img_path=f'clip{first_identity}/{t + 1:06d}.jpg',
            ori_shape=shape,
            img_shape=shape,
            scale_factor=(1.0, 1.0),
            frame_id=t,
            mot_frame_id=t + 1,
            video_name=f'clip{first_identity}',
            video_length=num_frames,
            ori_video_length=num_frames,
            gt_path=''))
    frame.gt_instances = InstanceData(
        bboxes=torch.cat([corners, corners + sizes], 1),
        labels=torch.zeros_like(ids),
        instances_ids=ids,
        identities=ids - 1 + first_identity,
        visibilities=torch.ones(len(ids)))
    return frame
