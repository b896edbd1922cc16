"""Batches of crops and captions in which no caption fits another crop."""
from dataclasses import dataclass
from typing import Dict, Iterator, List, Sequence, Tuple

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from .captions import FACTS, FORMS, TOPICS, Caption, Person, caption
from .person_crops import PersonCrops

TOPIC_WEIGHTS = (0.1, 0.28, 0.14, 0.28, 0.1, 0.1)  # of TOPICS
MAX_TRIES = 100
"""Draws for a batch, of which one tells persons apart nearly always."""


@dataclass(frozen=True)
class Question:
    """Captions of one form and of the same topics for a part of a batch.

    Attributes:
        inds (Tensor): Positions of the crops in the batch, int64, has shape
            (K, ).
        texts (list[str]): Caption of each of them.
    """
    inds: Tensor
    texts: List[str]


@dataclass(frozen=True)
class PairBatch:
    """Crops of B persons, one each, and several sets of captions.

    Attributes:
        crops (Tensor): uint8, has shape (B, 3, height, width).
        persons (list[dict]): Attributes of each.
        questions (list[Question]): The first has all topics.
    """
    crops: Tensor
    persons: List[Person]
    questions: List[Question]


class PairSampler:
    """Draws batches without end.

    A contrastive loss calls every other pair of a batch wrong. A person
    stands in a batch once, and of two persons one is left out of a question
    if the caption of either is true of both.

    Args:
        data (PersonCrops): To draw from.
        batch_size (int): Persons in a batch, at most those there are.
        num_questions (int): Sets of captions for each batch: one with all
            topics in long form, the others with random ones in either. A
            batch of persons who all look the same has fewer.
        seed (int): Of all draws.

    Raises:
        ValueError: If a batch has a single person, whose captions have
            nothing to differ from.
    """

    def __init__(self, data: PersonCrops, *, batch_size: int,
                 num_questions: int, seed: int) -> None:
        self.data = data
        self.batch_size = min(batch_size, len(data.persons))
        if self.batch_size < 2:
            raise ValueError(
                'A contrastive batch needs 2 persons or more, got batch_size '
                f'{batch_size} of {len(data.persons)} persons. Raise '
                '--batch-size, or write more sequences.')
        self.num_questions = num_questions
        self.rng = np.random.default_rng(seed)
        counts = torch.bincount(
            data.person_inds, minlength=len(data.persons)).numpy()
        self.counts = counts
        self.starts = counts.cumsum() - counts
        self.codes: Dict[str, Dict[str, int]] = {key: {} for key in FACTS}
        self.attributes = np.array(
            [[self._code(key, person[key]) for key in FACTS]
             for person in data.persons])

    def __iter__(self) -> Iterator[PairBatch]:
        while True:
            yield self.draw()

    def draw(self) -> PairBatch:
        """One batch.

        Returns:
            PairBatch: Of different persons.
        """
        chosen = self.rng.permutation(len(self.counts))[:self.batch_size]
        turns = (self.rng.random(len(chosen)) *
                 self.counts[chosen]).astype(np.int64)
        rows = torch.from_numpy(self.starts[chosen] + turns)
        questions = [self._ask(chosen, 'long', TOPICS)]
        for _ in range(MAX_TRIES):  # persons may all look the same
            if len(questions) >= self.num_questions:
                break
            question = self._ask(chosen, *self._draw_topics())
            if len(question.texts) > 1:
                questions.append(question)
        return PairBatch(self.data.crops[rows],
                         [self.data.persons[ind] for ind in chosen], questions)

    def _draw_topics(self) -> Tuple[str, Sequence[str]]:
        """Form and topics. Few topics teach a word the fastest, and tops and
        bottoms are most of the picture."""
        form = str(self.rng.choice(FORMS, p=(0.35, 0.65)))
        number = int(self.rng.choice((1, 2, 3, 4), p=(0.4, 0.3, 0.2, 0.1)))
        asked = self.rng.choice(
            TOPICS, number, replace=False, p=TOPIC_WEIGHTS)
        return form, [str(topic) for topic in asked]

    def _ask(self, chosen: ndarray, form: str,
             topics: Sequence[str]) -> Question:
        captions = [
            caption(self.data.persons[ind], form, topics) for ind in chosen
        ]
        said = [i for i, each in enumerate(captions) if each is not None]
        said = self.rng.permutation(said).tolist()  # another part each time
        kept = keep_unambiguous(
            self._stated([captions[i] for i in said]),
            self.attributes[chosen[said]])
        inds = [said[i] for i in kept]
        return Question(
            torch.tensor(inds, dtype=torch.long),
            [captions[i].text for i in inds])

    def _stated(self, captions: Sequence[Caption]) -> ndarray:
        """Codes of what captions claim, -1 for nothing, (K, facts)."""
        return np.array(
            [[
                self._code(key, each.facts[key]) if key in each.facts else -1
                for key in FACTS
            ] for each in captions]).reshape(-1, len(FACTS))

    def _code(self, key: str, value: str) -> int:
        codes = self.codes[key]
        return codes.setdefault(value, len(codes))


def keep_unambiguous(stated: ndarray, attributes: ndarray) -> List[int]:
    """Captions of which each is true of its own person alone.

    Taken in their order; one that would be true of a person taken before, or
    whose person a caption taken before is true of, is left out.

    Args:
        stated (ndarray): Code of each fact of K captions, -1 where they do
            not state it, int64, has shape (K, num_facts).
        attributes (ndarray): Codes of their persons, has the same shape.

    Returns:
        list[int]: Ascending positions.
    """
    claims, truth = stated[:, None], attributes[None]
    fits = ((claims == -1) | (claims == truth)).all(-1)  # (captions, persons)
    fits |= fits.T
    kept: List[int] = []
    for ind in range(len(stated)):
        if not fits[ind, kept].any():
            kept.append(ind)
    return kept
