"""Memory of a training, by clip length and by what is recomputed."""
import copy
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

import torch
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.config import Config
from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from mmengine.structures import InstanceData
from torch import Tensor, nn
from torch.autograd.profiler import profile

from ipmot_mm.compat.checkpoint_writer import count_bytes
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap

LEVELS: Dict[str, Tuple[str, ...]] = {
    'nothing': (),
    'decoder': ('decoder', ),
    'encoder': ('encoder', ),
    'encoder, decoder': ('encoder', 'decoder'),
    'encoder, decoder, backbone': ('encoder', 'decoder', 'backbone')
}
"""Name of a level: parts of the detector which the backward pass computes
once more, ``with_cp=True``."""
WARM_UP = (2, (64, 64))
"""Frames and size of the iteration that makes the state of the optimisers."""


class MemoryProbe:
    """Trains a model on noise and says how much memory that takes.

    Args:
        cfg (Config): With ``model`` and ``optim_wrapper``. Its CLIP gets
            random weights, and nothing is downloaded.
        num_objects (int): Objects of every frame. Defaults to 20.
        num_identities (int): Rows of the TrackBook. Defaults to 1000.

    Raises:
        ValueError: If the config has no model or no optimisers.
    """

    def __init__(self,
                 cfg: Config,
                 num_objects: int = 20,
                 num_identities: int = 1000) -> None:
        require_model(cfg)
        self.num_objects = num_objects
        model_cfg = copy.deepcopy(cfg.model)
        model_cfg.detector.backbone.init_cfg = None
        if model_cfg.get('track_book') is not None:
            model_cfg.track_book.clip.pretrained = None
        self.model = MODELS.build(model_cfg)
        self.model.init_weights()
        self.device = torch.device(
            'cuda' if torch.cuda.is_available() else 'cpu')
        self.model.to(self.device).train()
        self.optimizers = build_optim_wrapper(
            self.model, copy.deepcopy(cfg.optim_wrapper))
        if self.model.track_book is not None:
            self.model.track_book.set_identity_map(
                IdentityMap.from_keys(('noise', 'noise', number)
                                      for number in range(num_identities)))
        self._train(*WARM_UP)

    @property
    def allocator(self) -> str:
        """str: Whose count of bytes :meth:`peak` gives."""
        return 'CUDA' if self.device.type == 'cuda' else 'CPU'

    def peak(self, level: str, num_frames: int, size: Tuple[int,
                                                            int]) -> int:
        """Most bytes that tensors held at any moment of one iteration.

        Weights, state of the optimisers and CLIP are part of it; what
        libraries and the driver take beside tensors is not.

        Args:
            level (str): Of ``LEVELS``.
            num_frames (int): Clip length T.
            size (tuple[int, int]): Width and height of the frames.

        Returns:
            int: Bytes.
        """
        self.recompute(LEVELS[level])

        def train() -> None:
            self._train(num_frames, size)

        if self.device.type == 'cuda':
            torch.cuda.reset_peak_memory_stats()
            train()
            return torch.cuda.max_memory_allocated()
        return self.standing()['total'] + trace_cpu(train).peak

    def recompute(self, parts: Sequence[str]) -> None:
        """Switch ``with_cp`` of the parts of the detector.

        Args:
            parts (sequence[str]): Those to recompute; the others are not.
        """
        switch_recomputation(self.model, parts)

    def standing(self) -> Dict[str, int]:
        """Bytes that are there between two iterations.

        Returns:
            dict[str, int]: ``weights`` of the tracker, ``moments`` of its
            optimiser, ``track_book`` (rows and their moments), ``clip``, and
            ``total``; ``trained`` are the weights that get a gradient, which
            lives during an iteration only.
        """
        model, parts = self.model, {}
        rows, clip = [], []
        if model.track_book is not None:
            rows = [
                model.track_book.tokens,
                *_state_of(self.optimizers, 'track_book')
            ]
            towers = model.track_book.frozen_clip
            clip = [
                *tensors_of(towers.text_encoder),
                *tensors_of(towers.image_encoder)
            ]
        weights = [
            tensor for name, child in model.named_children()
            if name != 'track_book' for tensor in tensors_of(child)
        ]
        parts['weights'] = count_bytes(weights)
        parts['moments'] = count_bytes(_state_of(self.optimizers, 'tracker'))
        parts['track_book'] = count_bytes(rows)
        parts['clip'] = count_bytes(clip)
        parts['total'] = sum(parts.values())
        parts['trained'] = count_bytes(
            [tensor for tensor in weights if tensor.requires_grad])
        return parts

    def _train(self, num_frames: int, size: Tuple[int, int]) -> None:
        clip = noise_clip(num_frames, size, self.num_objects)
        self.model.train_step(clip, self.optimizers)


def require_model(cfg: Config) -> None:
    """Refuse a config of data alone.

    Args:
        cfg (Config): Of the user.

    Raises:
        ValueError: If it has no model or no optimisers.
    """
    if not cfg.get('model') or not cfg.get('optim_wrapper'):
        raise ValueError('The config has no model to train. Take a config of '
                         'an experiment, not one of a data set.')


def switch_recomputation(model: nn.Module, parts: Sequence[str]) -> None:
    """Switch ``with_cp`` of the parts of a detector.

    Args:
        model (nn.Module): :class:`IPMOT`.
        parts (sequence[str]): Those to recompute; the others are not.
    """
    for part in ('backbone', 'encoder', 'decoder'):
        for module in getattr(model.detector, part).modules():
            if hasattr(module, 'with_cp'):
                module.with_cp = part in parts


def sharding_savings(standing: Dict[str, int],
                     num_ranks: int) -> Dict[str, int]:
    """What a rank would save at most if all ranks shared the tracker's state.

    Args:
        standing (dict[str, int]): Of :meth:`MemoryProbe.standing`.
        num_ranks (int): Ranks that share.

    Returns:
        dict[str, int]: Bytes for ``moments`` (ZeRO stage 1), ``+ gradients``
        (stage 2) and ``+ weights and CLIP`` (stage 3, FSDP).
    """
    share = 1 - 1 / num_ranks
    moments = standing['moments']
    gradients = moments + standing['trained']
    weights = gradients + standing['weights'] + standing['clip']
    return {
        'moments': int(moments * share),
        '+ gradients': int(gradients * share),
        '+ weights and CLIP': int(weights * share)
    }


class CPUBytes(NamedTuple):
    """Bytes of tensors that torch's CPU allocator gave out during a call.

    What existed before the call counts as nothing.

    Attributes:
        peak (int): The most at any moment.
        kept (int): Not released until its end.
    """
    peak: int
    kept: int


def trace_cpu(run: Callable[[], Any]) -> CPUBytes:
    """Count every allocation and release, as torch tells its profiler.

    Args:
        run (Callable): Called without arguments.

    Returns:
        :obj:`CPUBytes`: Exact for tensors; the rest of the process is not
        seen.
    """
    # without Kineto, which would look for a GPU to trace
    with profile(profile_memory=True, use_kineto=False) as record:
        run()
    peak = live = 0
    for event in record.kineto_results.events():
        if event.name() == '[memory]':
            live += event.nbytes()
            peak = max(peak, live)
    return CPUBytes(peak, live)


def noise_clip(num_frames: int, size: Tuple[int, int],
               num_objects: int) -> Dict[str, List[Any]]:
    """A batch of one clip of noise, as a data loader gives it.

    Args:
        num_frames (int): T.
        size (tuple[int, int]): Width and height.
        num_objects (int): Objects of every frame, persons of the TrackBook.

    Returns:
        dict: ``inputs`` and ``data_samples``.
    """
    random = torch.Generator().manual_seed(0)
    width, height = size
    images = torch.randint(
        256, (num_frames, 3, height, width),
        dtype=torch.uint8,
        generator=random)
    limits = torch.tensor([width, height])
    corners = torch.rand(num_objects, 2, generator=random) * limits * 0.8
    extents = (0.1 + 0.1 * torch.rand(num_objects, 2, generator=random))
    ids = torch.arange(num_objects)
    frames = []
    for number in range(num_frames):
        frame = DetDataSample(
            metainfo=dict(
                img_shape=(height, width),
                ori_shape=(height, width),
                frame_id=number))
        frame.gt_instances = InstanceData(
            bboxes=torch.cat([corners, corners + extents * limits], 1),
            labels=torch.zeros_like(ids),
            instances_ids=ids + 1,
            identities=ids,
            visibilities=torch.ones(num_objects))
        frames.append(frame)
    clip = TrackDataSample()
    clip.video_data_samples = frames
    return dict(inputs=[images], data_samples=[clip])


def _state_of(optimizers: OptimWrapperDict, name: str) -> List[Tensor]:
    states = optimizers[name].optimizer.state.values()
    return [
        value for state in states for value in state.values()
        if torch.is_tensor(value)
    ]


def tensors_of(module: nn.Module) -> List[Tensor]:
    """Parameters and buffers of a module."""
    return [*module.parameters(), *module.buffers()]
