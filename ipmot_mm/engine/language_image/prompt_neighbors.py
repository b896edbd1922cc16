"""What the prompts of a TrackBook are close to: persons, tokens, sentences.

Every number comes with what prompts before the first step of the training
give. Among many neighbours one is always the nearest, and only what an
untrained prompt does not say as well has been learned.
"""
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.models.track_book.clip_encoders import CLIPTextEncoder

COLORS = ('black', 'white', 'grey', 'red', 'orange', 'yellow', 'green',
          'blue', 'purple', 'pink', 'brown', 'beige')
CLOTHES = ('jacket', 'coat', 'shirt', 'striped', 'dress', 'skirt', 'jeans',
           'shorts', 'suit', 'hat', 'backpack', 'handbag')
WORDS = COLORS + CLOTHES
"""What a prompt is compared with unless the user gives words."""


@dataclass(frozen=True)
class Neighbors:
    """The nearest of some references, for each of N queries.

    Attributes:
        inds (Tensor): Into the references, nearest first, int64, has shape
            (N, k).
        cosines (Tensor): Has shape (N, k).
    """
    inds: Tensor
    cosines: Tensor


def find_nearest(queries: Tensor,
                 references: Tensor,
                 k: int,
                 own: Optional[Tensor] = None) -> Neighbors:
    """Neighbours by cosine.

    Args:
        queries (Tensor): Has shape (N, D).
        references (Tensor): Has shape (M, D).
        k (int): How many at most.
        own (Tensor, optional): The query among the references, which is no
            neighbour of its own, int64, has shape (N, ). Defaults to None.

    Returns:
        :obj:`Neighbors`: k of them, or as many as there are.
    """
    cosines = F.normalize(queries, dim=-1) @ F.normalize(references, dim=-1).T
    num = len(references)
    if own is not None:
        cosines[torch.arange(len(queries)), own] = -torch.inf
        num -= 1
    values, inds = cosines.topk(min(k, num), dim=1)
    return Neighbors(inds, values)


@dataclass(frozen=True)
class Alikeness:
    """How alike the prompts of different persons are.

    Attributes:
        median (float): Cosine of two prompts.
        nearest (float): Cosine of a prompt and the one nearest to it, the
            median over prompts.
    """
    median: float
    nearest: float


def measure_alikeness(texts: Tensor) -> Alikeness:
    """Whether prompts tell persons apart.

    Args:
        texts (Tensor): Text features, has shape (N, D).

    Returns:
        :obj:`Alikeness`: Both not a number for less than two.
    """
    unit = F.normalize(texts, dim=-1)
    cosines = unit @ unit.T
    others = ~torch.eye(len(unit), dtype=torch.bool)
    if len(unit) < 2:
        return Alikeness(float('nan'), float('nan'))
    nearest = cosines.masked_fill(~others, -torch.inf).amax(1)
    return Alikeness(
        float(np.median(cosines[others].cpu().numpy())),
        float(np.median(nearest.cpu().numpy())))


def draw_pool(num_identities: int, rows: Sequence[int],
              max_num: int) -> Tensor:
    """Persons among whom neighbours are looked for.

    Args:
        num_identities (int): Rows of the TrackBook.
        rows (sequence[int]): That are in it in any case.
        max_num (int): Others are spread evenly, up to about so many.

    Returns:
        Tensor: Ascending rows, int64.
    """
    spread = np.linspace(0, num_identities - 1, min(max_num, num_identities))
    return torch.from_numpy(
        np.union1d(spread.round().astype(np.int64), np.asarray(rows, int)))


def measure_moves(trained: TrackBookHead,
                  untrained: TrackBookHead) -> Tensor:
    """How far each row went, as a share of the length that it began with.

    Args:
        trained (:obj:`TrackBookHead`): P identities.
        untrained (:obj:`TrackBookHead`): The same before the training.

    Returns:
        Tensor: 0 for a person whom no step has seen, has shape (P, ).
    """
    before = untrained.tokens.detach().cpu()
    now = trained.tokens.detach().cpu()
    return (now - before).norm(dim=1) / before.norm(dim=1)


def find_nearest_tokens(track_book: TrackBookHead, rows: Sequence[int],
                        k: int) -> List[List[List[Tuple[str, float]]]]:
    """Tokens of the vocabulary that learned ones are nearest to.

    Args:
        track_book (:obj:`TrackBookHead`): Trained or not.
        rows (sequence[int]): K of its identities.
        k (int): Tokens each.

    Returns:
        list[list[list[tuple]]]: Token as text and cosine, for each of M
        learned tokens of each identity. ``red`` ends a word, ``red-`` is the
        beginning or middle of one.
    """
    encoder = track_book.frozen_clip.text_encoder
    learned = track_book.tokens.detach()[list(rows)]
    found = find_nearest(
        learned.view(-1, encoder.embed_dims),
        encoder.token_embedding.weight.detach(), k)
    named = [[(spell_token(encoder, ind), cosine)
              for ind, cosine in zip(inds, cosines)]
             for inds, cosines in zip(found.inds.tolist(),
                                      found.cosines.tolist())]
    num = len(named) // max(len(rows), 1)
    return [named[start:start + num] for start in range(0, len(named), num)]


def spell_token(encoder: CLIPTextEncoder, ind: int) -> str:
    """A token of the vocabulary as text.

    Args:
        encoder (:obj:`CLIPTextEncoder`): With the tokenizer.
        ind (int): Number of the token.

    Returns:
        str: With a hyphen where the word goes on; bytes that are no letters
        alone are shown as ``�``.
    """
    tokenizer = encoder.tokenizer
    is_end = tokenizer.decoder[ind].endswith('</w>')
    text = tokenizer.decode([ind]).strip()
    return text if is_end or text.startswith('<') else f'{text}-'


@torch.no_grad()
def encode_sentences(encoder: CLIPTextEncoder,
                     sentences: Sequence[str]) -> Tensor:
    """Text features of sentences of words.

    Args:
        encoder (:obj:`CLIPTextEncoder`): The tower.
        sentences (sequence[str]): K of them.

    Returns:
        Tensor: Not normalised, has shape (K, D).
    """
    weight = encoder.token_embedding.weight
    return torch.cat([
        encoder(weight[torch.tensor([encoder.tokenize(sentence)],
                                    device=weight.device)])
        for sentence in sentences
    ])


def compare_with_words(trained: TrackBookHead, untrained: TrackBookHead,
                       rows: Sequence[int], template: str,
                       words: Sequence[str]) -> Tuple[Tensor, Tensor]:
    """Cosines of prompts and sentences with a word in their place.

    Their difference says what a prompt learned to mean: some words are near
    to any prompt.

    Args:
        trained (:obj:`TrackBookHead`): With learned tokens.
        untrained (:obj:`TrackBookHead`): The same before the training.
        rows (sequence[int]): K identities.
        template (str): With ``{}`` for the tokens, or a word.
        words (sequence[str]): W of them; several words count as one.

    Returns:
        tuple[Tensor, Tensor]: Of trained and of untrained prompts, each has
        shape (K, W).
    """
    encoder = trained.frozen_clip.text_encoder
    sentences = F.normalize(
        encode_sentences(encoder, [template.format(word) for word in words]),
        dim=-1)
    cosines = [
        F.normalize(book.describe(torch.tensor(list(rows))), dim=-1)
        @ sentences.T for book in (trained, untrained)
    ]
    return cosines[0], cosines[1]
