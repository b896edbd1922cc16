"""One training iteration: ours, and a loop in the style of MeMOTR."""
import copy
from typing import Callable, Dict, Tuple

import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from torch import Tensor

from .frame_speed import build_model
from .memory import noise_clip
from .memotr_training import clip_losses
from .model_sections import COUNTS, REST, count_sections

TOLERANCE = 1e-3
"""Relative difference of the losses of both loops."""


class IterationBench:
    """A clip of noise with objects, and two ways to train on it.

    The weights are random. CLIP, the TrackBook and the losses of alignment
    are left out, since MeMOTR has none, and no track is dropped: every object
    that was found is followed to the end of the clip.

    Args:
        cfg (Config): With ``model`` and ``optim_wrapper``.
        size (tuple[int, int]): Width and height of the frames.
        num_frames (int): Clip length T.
        num_objects (int): In every frame.

    Raises:
        ValueError: If the config has no model or no optimisers.
    """

    def __init__(self, cfg: Config, size: Tuple[int, int], num_frames: int,
                 num_objects: int) -> None:
        if not cfg.get('optim_wrapper'):
            raise ValueError('The config has no optim_wrapper to train with. '
                             'Take a config of an experiment.')
        self.device = torch.device(
            'cuda' if torch.cuda.is_available() else 'cpu')
        self.num_frames = num_frames
        clip_loss = copy.deepcopy(cfg.model.clip_loss)
        clip_loss.update(triplet=None, image_to_text=None)
        assigner = copy.deepcopy(cfg.model.assigner)
        assigner.update(track_drop_prob=0.0, iou_thr=-1.0)
        self.model = build_model(
            cfg, clip_loss=clip_loss,
            assigner=assigner).to(self.device).train()
        wrapper = build_optim_wrapper(self.model,
                                      copy.deepcopy(cfg.optim_wrapper))
        self.optimizer = (
            wrapper['tracker']
            if isinstance(wrapper, OptimWrapperDict) else wrapper)
        self.clip = noise_clip(num_frames, size, num_objects)
        # of its own: on a CPU, moving it there would not copy it
        self.data = self.model.data_preprocessor(
            copy.deepcopy(self.clip), training=True)

    def losses(self) -> Dict[str, Callable[[], Dict[str, Tensor]]]:
        """Forward passes with losses, ``ours`` and ``memotr``; the ground
        truth of ours is where the data loader left it, as in training."""
        return dict(
            ours=lambda: self.model.loss(self.data['inputs'], self.clip[
                'data_samples']),
            memotr=lambda: clip_losses(self.model, **self.data))

    def iterations(self) -> Dict[str, Callable[[], None]]:
        """Whole iterations, ``ours`` and ``memotr``: forward, losses,
        backward and the step of the optimiser."""
        losses = self.losses()['memotr']

        def memotr() -> None:
            with self.optimizer.optim_context(self.model):
                total, values = self.model.parse_losses(losses())
            for value in values.values():
                value.item()  # every loss is logged in every iteration
            self.optimizer.update_params(total)

        def ours() -> None:
            self.model.train_step(self.clip, self.optimizer)

        return dict(ours=ours, memotr=memotr)

    def difference(self) -> float:
        """Largest relative difference of a loss, before any training.

        Raises:
            RuntimeError: If there is more than rounding.
        """
        ours, memotr = (loss() for loss in self.losses().values())
        if set(ours) != set(memotr):
            raise RuntimeError('both loops give other losses: '
                               f'{sorted(set(ours) ^ set(memotr))}')
        gap = max(
            float((ours[name] - memotr[name]).detach().abs()) /
            (1 + abs(float(ours[name].detach()))) for name in ours)
        if gap > TOLERANCE:
            raise RuntimeError(f'the losses of both loops differ by {gap:.2g}'
                               '; a timing would compare different work.')
        return gap

    def criterion_counts(self) -> Dict[str, Dict[str, float]]:
        """Forward kernels, syncs and uploads of a frame outside of the
        network: matching, losses and choice of the next tracks.

        Returns:
            dict[str, dict[str, float]]: Of ``ours`` and ``memotr``, per
            frame.
        """
        found = {}
        truth = [
            value for frame in self.clip['data_samples'][0].video_data_samples
            for value in frame.gt_instances.values()
        ]
        for name, call in self.losses().items():
            call()  # what is kept from frame to frame is there
            rest = count_sections(self.model, call, self.device.type,
                                  truth)[REST]
            found[name] = {
                count: rest[count] / self.num_frames
                for count in COUNTS
            }
        return found
