"""What the prompts of some persons are near to, trained and untrained."""
from typing import Any, Dict, List, Sequence

import torch
import torch.nn.functional as F

from ipmot_mm.engine.language_image.prompt_neighbors import (
    compare_with_words, draw_pool, find_nearest, find_nearest_tokens,
    measure_alikeness, measure_moves)
from ipmot_mm.models.track_book import TrackBookHead

from .trained_track_book import name_identity


@torch.no_grad()
def report_neighbors(book: TrackBookHead,
                     untrained: TrackBookHead,
                     rows: Sequence[int],
                     *,
                     template: str,
                     words: Sequence[str],
                     num_neighbors: int = 4,
                     max_pool: int = 2000) -> Dict[str, Any]:
    """Nearest persons, tokens and words, for a JSON file.

    Args:
        book (:obj:`TrackBookHead`): Trained.
        untrained (:obj:`TrackBookHead`): The same before its training.
        rows (sequence[int]): Identities to ask, different ones.
        template (str): See :func:`compare_with_words`.
        words (sequence[str]): Likewise.
        num_neighbors (int): Persons to name. Defaults to 4.
        max_pool (int): Persons among whom to look. Defaults to 2000.

    Returns:
        dict: ``identities`` has for each of ``rows``: ``identity``, ``row``,
        ``moved`` (see :func:`measure_moves`), ``persons`` (nearest first),
        ``words`` (largest gain first) and ``tokens`` (one of the vocabulary
        for each learned one), the last three with ``cosine`` and
        ``untrained``, what it was before. ``alikeness`` compares all prompts
        of the pool; ``num_untouched`` counts those that no step has changed.
    """
    pool = draw_pool(len(book.tokens), rows, max_pool)
    own = torch.searchsorted(pool, torch.tensor(list(rows)))
    texts, texts_before = book.describe(pool), untrained.describe(pool)
    moves = measure_moves(book, untrained)
    persons = _nearest_persons(book, pool, own, texts, texts_before,
                               num_neighbors)
    said = _words(book, untrained, rows, template, words)
    tokens = zip(find_nearest_tokens(book, rows, 1),
                 find_nearest_tokens(untrained, rows, 1))
    return dict(
        num_identities=len(book.tokens),
        num_untouched=int((moves == 0).sum()),
        pool=len(pool),
        alikeness=dict(
            trained=vars(measure_alikeness(texts)),
            untrained=vars(measure_alikeness(texts_before))),
        identities=[
            dict(
                identity=name_identity(book.identity_map, row),
                row=row,
                moved=float(moves[row]),
                persons=persons[n],
                words=said[n],
                tokens=[
                    dict(token=after[0][0], cosine=after[0][1],
                         untrained=dict(token=then[0][0], cosine=then[0][1]))
                    for after, then in zip(*both)
                ]) for n, (row, both) in enumerate(zip(rows, tokens))
        ])


def _nearest_persons(book: TrackBookHead, pool: torch.Tensor,
                     own: torch.Tensor, texts: torch.Tensor,
                     texts_before: torch.Tensor,
                     num: int) -> List[List[Dict[str, Any]]]:
    """Of each asked person, the persons with the nearest prompts."""
    nearest = find_nearest(texts[own], texts, num, own)
    before = F.normalize(texts_before, dim=1)
    cosines_before = (before[own, None] * before[nearest.inds]).sum(2)
    return [[
        dict(
            identity=name_identity(book.identity_map, int(pool[ind])),
            row=int(pool[ind]),
            cosine=cosine,
            untrained=then) for ind, cosine, then in zip(*columns)
    ] for columns in zip(nearest.inds.tolist(), nearest.cosines.tolist(),
                         cosines_before.tolist())]


def _words(book: TrackBookHead, untrained: TrackBookHead, rows: Sequence[int],
           template: str, words: Sequence[str]) -> List[List[Dict[str, Any]]]:
    """Of each asked person all words, that which gained most first."""
    after, before = compare_with_words(book, untrained, rows, template, words)
    order = (after - before).argsort(dim=1, descending=True)
    return [[
        dict(word=words[ind], cosine=float(after[n, ind]),
             untrained=float(before[n, ind])) for ind in inds
    ] for n, inds in enumerate(order.tolist())]
