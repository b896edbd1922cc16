"""What a CLIP knows of persons it never saw: retrieval and attributes."""
from typing import Any, Dict, List, Sequence

import torch
from torch import Tensor, nn

from ipmot_mm.datasets.synthmot.colors import COLORS
from ipmot_mm.datasets.synthmot.domains import PATTERNS

from .captions import PATTERN_WORDS, TOPICS, Person, caption
from .contrastive_training import encode_texts, normalized
from .person_crops import PersonCrops

CHUNK = 256  # crops or sentences in one pass
PROMPTS = dict(
    top_color=(tuple(COLORS), ('A photo of a {} top person.',
                               'A photo of a person in a {} T-shirt.')),
    bottom_color=(tuple(COLORS), ('A photo of a {} trousers person.',
                                  'A photo of a person in {} trousers.')),
    pattern=(PATTERNS, ('A photo of a {} person.', )))
"""Values of each attribute, and sentences to ask for them."""


@torch.no_grad()
def encode_crops(model: nn.Module, crops: Tensor) -> Tensor:
    """Unit image features.

    Args:
        model (nn.Module): ``CLIP`` of open_clip, in evaluation mode.
        crops (Tensor): uint8, has shape (N, 3, h, w).

    Returns:
        Tensor: Has shape (N, D).
    """
    return torch.cat([
        model.encode_image(normalized(chunk.float() / 255), normalize=True)
        for chunk in crops.split(CHUNK)
    ])


@torch.no_grad()
def encode_sentences(model: nn.Module, tokenizer: Any,
                     texts: Sequence[str]) -> Tensor:
    """Unit text features.

    Args:
        model (nn.Module): ``CLIP`` of open_clip, in evaluation mode.
        tokenizer (object): ``SimpleTokenizer`` of open_clip.
        texts (Sequence[str]): K sentences.

    Returns:
        Tensor: Has shape (K, D).
    """
    features = torch.cat([
        encode_texts(model, tokenizer, texts[start:start + CHUNK])
        for start in range(0, len(texts), CHUNK)
    ])
    return nn.functional.normalize(features, dim=-1)


def retrieval(similarities: Tensor, own: Tensor,
              ks: Sequence[int] = (1, 5)) -> Dict[str, float]:
    """Shares of right answers in both directions.

    Args:
        similarities (Tensor): Of N images and C captions, has shape (N, C).
        own (Tensor): Caption of each image; each caption has at least one,
            int64, has shape (N, ).
        ks (Sequence[int]): How many answers are allowed. Defaults to (1, 5).

    Returns:
        dict[str, float]: ``i2t_top{k}``: an image finds its caption;
        ``t2i_top{k}``: a caption finds one of its images.
    """
    num_images, num_texts = similarities.shape
    is_own = own[:, None] == torch.arange(num_texts)
    found: Dict[str, float] = {}
    for k in ks:
        texts = similarities.topk(min(k, num_texts), dim=1).indices
        images = similarities.topk(min(k, num_images), dim=0).indices
        found[f'i2t_top{k}'] = float(
            is_own.gather(1, texts).any(1).float().mean())
        found[f't2i_top{k}'] = float(
            is_own.gather(0, images).any(0).float().mean())
    return found


def attribute_features(model: nn.Module, tokenizer: Any,
                       attribute: str) -> Tensor:
    """Mean text feature of the sentences that name each value.

    Args:
        model (nn.Module): ``CLIP`` of open_clip, in evaluation mode.
        tokenizer (object): ``SimpleTokenizer`` of open_clip.
        attribute (str): Key of :data:`PROMPTS`.

    Returns:
        Tensor: Of unit length, has shape (num_values, D).
    """
    values, sentences = PROMPTS[attribute]
    words = [PATTERN_WORDS.get(value, value) for value in values]
    features = torch.stack([
        encode_sentences(model, tokenizer,
                         [sentence.format(word) for word in words])
        for sentence in sentences
    ])
    return nn.functional.normalize(features.mean(0), dim=-1)


def attribute_accuracies(model: nn.Module, tokenizer: Any, features: Tensor,
                         persons: Sequence[Person]) -> Dict[str, float]:
    """How often the nearest prompt names the true value.

    Args:
        model (nn.Module): ``CLIP`` of open_clip, in evaluation mode.
        tokenizer (object): ``SimpleTokenizer`` of open_clip.
        features (Tensor): Unit features of N images, or of texts, has shape
            (N, D).
        persons (Sequence[dict]): Attributes of each of them.

    Returns:
        dict[str, float]: ``{attribute}_accuracy`` for each of
        :data:`PROMPTS`, in [0, 1].
    """
    found = {}
    for attribute, (values, _) in PROMPTS.items():
        prompts = attribute_features(model, tokenizer, attribute)
        guesses = (features @ prompts.T).argmax(1).tolist()
        right = [
            values[guess] == person[attribute]
            for guess, person in zip(guesses, persons)
        ]
        found[f'{attribute}_accuracy'] = sum(right) / len(right)
    return found


def zero_shot_scores(model: nn.Module, tokenizer: Any,
                     data: PersonCrops) -> Dict[str, float]:
    """All numbers for one set of crops.

    Args:
        model (nn.Module): ``CLIP`` of open_clip, in evaluation mode.
        tokenizer (object): ``SimpleTokenizer`` of open_clip.
        data (PersonCrops): Crops with the truth.

    Returns:
        dict[str, float]: Of :func:`retrieval` among the different long
        captions, of :func:`attribute_accuracies`, and ``num_crops``,
        ``num_captions``.
    """
    persons = [data.persons[ind] for ind in data.person_inds.tolist()]
    texts: List[str] = []
    for person in persons:
        said = caption(person, 'long', TOPICS)
        assert said is not None
        texts.append(said.text)
    captions = sorted(set(texts))
    own = torch.tensor([captions.index(text) for text in texts])
    images = encode_crops(model, data.crops)
    sentences = encode_sentences(model, tokenizer, captions)
    return dict(
        retrieval(images @ sentences.T, own),
        **attribute_accuracies(model, tokenizer, images, persons),
        num_crops=len(persons),
        num_captions=len(captions))
