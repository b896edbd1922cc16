"""What tuned prompts hold: do they find their persons, do they mean them?"""
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ipmot_mm.engine.optim import RowwiseAdamW
from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.models.track_book.clip_encoders import (build_tokenizer,
                                                      load_random_clip,
                                                      load_weights)
from ipmot_mm.structures import IdentityMap

from .person_crops import PersonCrops
from .remembering_tokenizer import RememberingTokenizer
from .zero_shot import attribute_accuracies, encode_sentences


@dataclass(frozen=True)
class ProbeSettings:
    """How prompts are tuned.

    Attributes:
        normalize_features (bool): Whether to compare by cosine times the
            scale of CLIP, as the argument of :class:`TrackBookHead`.
        num_steps (int): Steps of the optimiser.
        batch_size (int): Crops of a step.
        lr (float): First learning rate, a cosine follows.
        num_context_tokens (int): M.
        seed (int): Of the tokens and batches.
    """
    normalize_features: bool = False
    num_steps: int = 300
    batch_size: int = 32
    lr: float = 3.5e-4
    num_context_tokens: int = 4
    seed: int = 0


def split_crops(data: PersonCrops, num_persons: int,
                seed: int) -> Tuple[PersonCrops, PersonCrops]:
    """Crops to tune with and crops to test with, of the same persons.

    Args:
        data (PersonCrops): Persons with one crop only are left out.
        num_persons (int): At most so many are drawn.
        seed (int): Of the draw.

    Returns:
        tuple[PersonCrops, PersonCrops]: Every other crop of each person.

    Raises:
        ValueError: If no person has two crops.
    """
    counts = torch.bincount(data.person_inds, minlength=len(data.persons))
    rich = np.flatnonzero(counts.numpy() > 1)
    if not len(rich):
        raise ValueError(
            f'none of {len(data.persons)} persons has two crops, one to tune '
            'with and one to test with; give sequences of more frames')
    drawn = set(
        np.random.default_rng(seed).permutation(rich)[:num_persons].tolist())
    chosen = data.subset([ind in drawn for ind in range(len(data.persons))])
    starts = torch.searchsorted(chosen.person_inds, chosen.person_inds)
    is_odd = (torch.arange(len(starts)) - starts) % 2 == 1
    parts = [
        PersonCrops(chosen.crops[mask], chosen.person_inds[mask],
                    chosen.persons) for mask in (~is_odd, is_odd)
    ]
    return parts[0], parts[1]


def probe_prompts(clip: Dict[str, Any], tune: PersonCrops, test: PersonCrops,
                  settings: ProbeSettings) -> Dict[str, float]:
    """Tune one prompt per person with the losses of the TrackBook.

    Args:
        clip (dict): ``model_cfg``, ``pretrained`` and ``seed`` of
            :func:`build_clip`.
        tune (PersonCrops): To learn from.
        test (PersonCrops): Other crops of these persons.
        settings (ProbeSettings): See there.

    Returns:
        dict[str, float]: Numbers of :func:`question_prompts`, and the first
        and last ``loss``.
    """
    head = TrackBookHead(
        clip=clip,
        normalize_features=settings.normalize_features,
        num_context_tokens=settings.num_context_tokens,
        init_seed=settings.seed)
    head.set_identity_map(
        IdentityMap.from_keys(
            ('probe', each['sequence'], each['id']) for each in tune.persons))
    rows = torch.tensor([
        head.identity_map.row('probe', each['sequence'], each['id'])
        for each in tune.persons
    ])
    features = head.encode(tune.crops.float() / 255)
    losses = tune_tokens(head, features, rows[tune.person_inds], settings)
    return dict(
        question_prompts(
            head,
            rows,
            tune=tune,
            tune_features=features,
            test=test,
            test_features=head.encode(test.crops.float() / 255),
            model=_build_model(clip)),
        first_loss=losses[0],
        last_loss=float(np.mean(losses[-10:])))


def tune_tokens(head: TrackBookHead, features: Tensor, identities: Tensor,
                settings: ProbeSettings) -> List[float]:
    """Phase A of the training alone, on stored features.

    Args:
        head (:obj:`TrackBookHead`): Changed in place.
        features (Tensor): Of crops, has shape (N, D).
        identities (Tensor): int64, has shape (N, ).
        settings (ProbeSettings): See there.

    Returns:
        list[float]: Sum of both losses in each step.
    """
    optimizer = RowwiseAdamW([head.tokens], lr=settings.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, settings.num_steps, eta_min=settings.lr / 100)
    generator = torch.Generator().manual_seed(settings.seed)
    losses = []
    for _ in range(settings.num_steps):
        chosen = torch.randperm(
            len(features), generator=generator)[:settings.batch_size]
        loss = sum(head.loss(features[chosen], identities[chosen]).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    return losses


@torch.no_grad()
def question_prompts(head: TrackBookHead, rows: Tensor, *, tune: PersonCrops,
                     tune_features: Tensor, test: PersonCrops,
                     test_features: Tensor,
                     model: nn.Module) -> Dict[str, float]:
    """Measure tuned prompts.

    Args:
        head (:obj:`TrackBookHead`): With tuned tokens.
        rows (Tensor): Identity of each person, int64, has shape (P, ).
        tune (PersonCrops): What the prompts were tuned with, N crops.
        tune_features (Tensor): Has shape (N, D).
        test (PersonCrops): N' other crops of these persons.
        test_features (Tensor): Has shape (N', D).
        model (nn.Module): The same towers, to read sentences.

    Returns:
        dict[str, float]: ``prompt_top1``: test crops whose prompt has the
        largest similarity, that of the tuning or (``_by_cosine``) the
        cosine; ``caption_top1``: the same with the captions of the persons
        as prompts; ``mean_top1``: with the mean feature of the crops tuned
        with, without any text; ``cosine_to_own``, ``image_norm`` and
        ``text_norm``: means;
        ``{attribute}_of_prompt`` and ``{attribute}_of_crop``: how often
        zero-shot sentences name the true attribute of the text feature of a
        prompt, and of a test crop; ``neighbour_top_color``: prompts whose
        nearest other prompt is of a person with the same top colour, and
        ``neighbour_chance``.
    """
    tokenizer = RememberingTokenizer(build_tokenizer())
    texts = head.describe(rows)  # (P, D)
    unit = F.normalize(texts, dim=-1)
    crops = F.normalize(test_features, dim=-1)
    captions = encode_sentences(model, tokenizer,
                                [each['caption'] for each in tune.persons])
    means = torch.stack([
        F.normalize(tune_features[tune.person_inds == ind], dim=-1).mean(0)
        for ind in range(len(tune.persons))
    ])
    by_cosine = head.loss_contrastive.logit_scale is not None
    similarities = (
        crops @ unit.T if by_cosine else test_features @ texts.T)
    found = {
        'prompt_top1': _top1(similarities, test),
        'prompt_top1_by_cosine': _top1(crops @ unit.T, test),
        'caption_top1': _top1(crops @ captions.T, test),
        'mean_top1': _top1(crops @ F.normalize(means, dim=-1).T, test),
        'cosine_to_own': float((crops * unit[test.person_inds]).sum(1).mean()),
        'image_norm': float(test_features.norm(dim=-1).mean()),
        'text_norm': float(texts.norm(dim=-1).mean()),
    }
    owners = [test.persons[ind] for ind in test.person_inds.tolist()]
    for name, features, persons in (('prompt', unit, tune.persons),
                                    ('crop', crops, owners)):
        for key, value in attribute_accuracies(model, tokenizer, features,
                                               persons).items():
            found[key.replace('accuracy', f'of_{name}')] = value
    return dict(found, **neighbour_agreement(unit, tune))


def neighbour_agreement(unit: Tensor, data: PersonCrops) -> Dict[str, float]:
    """Whether persons in like clothes have prompts that are alike.

    Args:
        unit (Tensor): Unit text feature of each person, has shape (P, D).
        data (PersonCrops): The persons.

    Returns:
        dict[str, float]: See :func:`question_prompts`.
    """
    colors = np.array([each['top_color'] for each in data.persons])
    same = colors[:, None] == colors
    np.fill_diagonal(same, False)
    nearest = (unit @ unit.T).fill_diagonal_(-2).argmax(1).numpy()
    return dict(
        neighbour_top_color=float(same[np.arange(len(same)), nearest].mean()),
        neighbour_chance=float(same.sum() / (len(same) * (len(same) - 1))))


def _top1(similarities: Tensor, data: PersonCrops) -> float:
    """Share of crops (N, P) whose own person comes first."""
    return float((similarities.argmax(1) == data.person_inds).float().mean())


def _build_model(clip: Dict[str, Any]) -> nn.Module:
    model = load_random_clip(clip['model_cfg'], clip.get('seed', 0))
    path: Optional[str] = clip.get('pretrained')
    if path is not None:
        load_weights(model, path)
    return model.eval()
