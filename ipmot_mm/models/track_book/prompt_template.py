"""The sentence around the learned tokens of an identity."""
from typing import List

import torch
from torch import Tensor, nn

from .clip_encoders import CLIPTextEncoder


class PromptTemplate(nn.Module):
    """"A photo of a [X]_1 ... [X]_M person." as word embeddings.

    The sentence is tokenised with M letters X in the place of the learned
    tokens, so that the positions are right for any M (paper, Section 3.2;
    Syliz517/CLIP-ReID@eb1898b, make_model_clipreid.py:191-238 fixes M = 4).
    With M = 4 it reads::

        start a photo of a | x x x x | person . end
          0   1   2   3  4   5 6 7 8    9    10  11

    Embeddings before and after the X are constant buffers, which no
    checkpoint carries.

    Args:
        template (str): Sentence with one ``{}``.
        num_context_tokens (int): M, the number of learned tokens.
        text_encoder (CLIPTextEncoder): Tower that will read the prompts.

    Attributes:
        token_ids (list[int]): Ids of the whole sentence.
        context_start (int): Position of the first learned token.
        eot_position (int): Position of the end-of-text token, the last one.
    """

    def __init__(self, template: str, *, num_context_tokens: int,
                 text_encoder: CLIPTextEncoder) -> None:
        super().__init__()
        if template.count('{}') != 1:
            raise ValueError(
                f'template must have one "{{}}" for the learned tokens, got '
                f'{template!r}.')
        if num_context_tokens < 1:
            raise ValueError('num_context_tokens must be at least 1, got '
                             f'{num_context_tokens}.')
        self.num_context_tokens = num_context_tokens
        self.embed_dims = text_encoder.embed_dims
        placeholder = ' '.join('X' * num_context_tokens)
        self.token_ids = text_encoder.tokenize(template.format(placeholder))
        self.context_start = self._find_context(template, text_encoder)
        self.eot_position = len(self.token_ids) - 1

        weight = text_encoder.token_embedding.weight
        inds = torch.tensor(self.token_ids, device=weight.device)
        embeddings = weight.detach()[inds]  # (S, C)
        end = self.context_start + num_context_tokens
        self.register_buffer(
            'prefix', embeddings[:self.context_start], persistent=False)
        self.register_buffer('suffix', embeddings[end:], persistent=False)

    def _find_context(self, template: str,
                      text_encoder: CLIPTextEncoder) -> int:
        """Check that the X are one token each, side by side."""
        if len(self.token_ids) > text_encoder.context_length:
            raise ValueError(
                f'template {template!r} with {self.num_context_tokens} '
                f'learned tokens has {len(self.token_ids)} tokens, but CLIP '
                f'reads {text_encoder.context_length}. Shorten it.')
        letter = text_encoder.tokenize('X')[1:-1]
        positions = [
            position for position, token in enumerate(self.token_ids)
            if [token] == letter
        ]
        start = positions[0] if positions else 0
        expected = list(range(start, start + self.num_context_tokens))
        if positions != expected:
            raise ValueError(
                f'template {template!r} must give {self.num_context_tokens} '
                f'tokens X in a row, got them at positions {positions}. Put '
                'spaces around "{}" and no other "x" into the sentence.')
        return start

    @property
    def prefix_ids(self) -> List[int]:
        """list[int]: Ids of the tokens before the first learned one."""
        return self.token_ids[:self.context_start]

    def after_prefix(self, context: Tensor) -> Tensor:
        """The sentence from the first learned token on.

        Args:
            context (Tensor): Rows of the TrackBook, has shape (K, M * C).

        Returns:
            Tensor: Has shape (K, S - P, C), where P tokens come before.
        """
        num = len(context)
        context = context.view(num, self.num_context_tokens, self.embed_dims)
        return torch.cat([context, self.suffix.expand(num, -1, -1)], dim=1)

    def forward(self, context: Tensor) -> Tensor:
        """Put learned tokens into the sentence.

        Args:
            context (Tensor): Rows of the TrackBook, has shape (K, M * C).

        Returns:
            Tensor: Has shape (K, S, C), S ending at the end-of-text token.
        """
        after = self.after_prefix(context)
        return torch.cat(
            [self.prefix.expand(len(context), -1, -1), after], dim=1)
