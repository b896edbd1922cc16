"""Sentences occur again and again; splitting them takes its time."""
from typing import Any, Dict, Sequence

import torch
from torch import Tensor


class RememberingTokenizer:
    """Gives what another tokenizer gives, each sentence split once.

    Args:
        tokenizer (Callable): ``SimpleTokenizer`` of open_clip.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.known: Dict[str, Tensor] = {}

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Padded token ids.

        Args:
            texts (Sequence[str]): K sentences.

        Returns:
            Tensor: int64, has shape (K, context_length).
        """
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        if new:
            self.known.update(zip(new, self.tokenizer(new)))
        return torch.stack([self.known[text] for text in texts])
