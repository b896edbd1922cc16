"""Train both towers of a CLIP from scratch."""
import math
from dataclasses import dataclass
from typing import Any, List, Sequence

import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from ipmot_mm.models.track_book.clip_encoders import (CLIP_PIXEL_MEAN,
                                                      CLIP_PIXEL_STD)

from .pair_batches import PairBatch, PairSampler
from .person_crops import PersonCrops

MAX_LOGIT_SCALE = math.log(100)  # Radford et al. 2021, Section 2.5
LOG_INTERVAL = 50  # steps


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how fast.

    Attributes:
        num_steps (int): Steps of the optimiser.
        batch_size (int): Persons of a step.
        num_questions (int): Sets of captions of a step, of which only the
            first has all topics.
        lr (float): Highest learning rate.
        weight_decay (float): Of matrices; neither of biases, norms nor
            embeddings.
        warmup_steps (int): Of a linear rise, a cosine follows.
        max_grad_norm (float): Gradients are clipped to it.
        seed (int): Of weights, batches and augmentation.
    """
    num_steps: int = 600
    batch_size: int = 128
    num_questions: int = 3
    lr: float = 2e-3
    weight_decay: float = 0.05
    warmup_steps: int = 40
    max_grad_norm: float = 1.0
    seed: int = 0


def train_towers(model: nn.Module, criterion: nn.Module, tokenizer: Any,
                 data: PersonCrops, settings: TrainingSettings) -> List[float]:
    """Train a CLIP in place.

    Args:
        model (nn.Module): ``CLIP`` of open_clip.
        criterion (nn.Module): ``ClipLoss`` of open_clip.
        tokenizer (object): ``SimpleTokenizer`` of open_clip.
        data (PersonCrops): To learn from.
        settings (TrainingSettings): See there.

    Returns:
        list[float]: Loss of each step.
    """
    optimizer = build_optimizer(model, settings)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _rate(step, settings))
    generator = torch.Generator().manual_seed(settings.seed)
    batches = iter(
        PairSampler(
            data,
            batch_size=settings.batch_size,
            num_questions=settings.num_questions,
            seed=settings.seed))
    losses: List[float] = []
    model.train()
    for step in range(settings.num_steps):
        loss = batch_loss(model, criterion, tokenizer, next(batches),
                          generator)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings.max_grad_norm)
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, MAX_LOGIT_SCALE)
        losses.append(float(loss.detach()))
        if (step + 1) % LOG_INTERVAL == 0:
            print_log(
                f'step {step + 1}/{settings.num_steps}: '
                f'loss {sum(losses[-LOG_INTERVAL:]) / LOG_INTERVAL:.3f}',
                logger='current')
    model.eval()
    return losses


def batch_loss(model: nn.Module, criterion: nn.Module, tokenizer: Any,
               batch: PairBatch, generator: torch.Generator) -> Tensor:
    """Mean of the losses of the questions of a batch.

    Args:
        model (nn.Module): The towers.
        criterion (nn.Module): As for :func:`train_towers`.
        tokenizer (object): As for :func:`train_towers`.
        batch (PairBatch): B crops with captions.
        generator (torch.Generator): Of the augmentation.

    Returns:
        Tensor: Scalar.
    """
    crops = augment(batch.crops.float() / 255, generator)
    images = model.encode_image(normalized(crops), normalize=True)  # (B, D)
    losses = []
    for each in batch.questions:  # their sentences are of alike length
        texts = nn.functional.normalize(
            encode_texts(model, tokenizer, each.texts), dim=-1)
        losses.append(
            criterion(images[each.inds], texts, model.logit_scale.exp()))
    return torch.stack(losses).mean()


def encode_texts(model: nn.Module, tokenizer: Any,
                 texts: Sequence[str]) -> Tensor:
    """``encode_text`` without the padding after the longest sentence.

    The attention is causal, so nothing changes but the time it takes.

    Args:
        model (nn.Module): ``CLIP`` of open_clip.
        tokenizer (object): ``SimpleTokenizer`` of open_clip.
        texts (Sequence[str]): K sentences.

    Returns:
        Tensor: Not normalised, has shape (K, D).
    """
    tokens = tokenizer(list(texts))  # (K, context_length)
    ends = tokens.argmax(1)
    length = int(ends.max()) + 1
    hidden = model.token_embedding(tokens[:, :length])
    hidden = hidden + model.positional_embedding[:length]
    hidden = model.transformer(
        hidden, attn_mask=model.attn_mask[:length, :length])
    hidden = model.ln_final(hidden)[torch.arange(len(ends)), ends]
    return hidden @ model.text_projection


def augment(crops: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror, a little light and noise, which leave every caption true.

    Args:
        crops (Tensor): RGB in [0, 1], has shape (B, 3, h, w).
        generator (torch.Generator): Source of randomness.

    Returns:
        Tensor: RGB in [0, 1], has the same shape.
    """
    num = len(crops)
    mirrored = torch.rand(num, 1, 1, 1, generator=generator) < 0.5
    crops = torch.where(mirrored, crops.flip(-1), crops)
    gains = 0.9 + 0.2 * torch.rand(num, 1, 1, 1, generator=generator)
    noise = torch.randn(crops.shape, generator=generator) * 0.01
    return (crops * gains + noise).clamp(0, 1)


def normalized(crops: Tensor) -> Tensor:
    """As the image tower of a TrackBook does by default.

    Args:
        crops (Tensor): RGB in [0, 1], has shape (B, 3, h, w).

    Returns:
        Tensor: Has the same shape.
    """
    mean, std = (
        torch.tensor(values).view(3, 1, 1)
        for values in (CLIP_PIXEL_MEAN, CLIP_PIXEL_STD))
    return (crops - mean) / std


def build_optimizer(model: nn.Module,
                    settings: TrainingSettings) -> torch.optim.Optimizer:
    """AdamW as CLIP's: no decay of gains, biases and embeddings.

    Args:
        model (nn.Module): To be trained.
        settings (TrainingSettings): See there.

    Returns:
        Optimizer: Of all parameters.
    """
    decayed, free = [], []
    for name, parameter in model.named_parameters():
        is_matrix = parameter.ndim > 1 and 'embedding' not in name
        (decayed if is_matrix else free).append(parameter)
    return torch.optim.AdamW(
        [
            dict(params=decayed, weight_decay=settings.weight_decay),
            dict(params=free, weight_decay=0.0)
        ],
        lr=settings.lr,
        betas=(0.9, 0.98))


def _rate(step: int, settings: TrainingSettings) -> float:
    if step < settings.warmup_steps:
        return (step + 1) / settings.warmup_steps
    done = (step - settings.warmup_steps) / max(
        settings.num_steps - settings.warmup_steps, 1)
    return 0.5 * (1 + math.cos(math.pi * done))
