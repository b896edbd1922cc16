"""The frozen towers of CLIP, on open_clip.

It is imported when a tower is built, so that a test process, which has no
TrackBook, never pays for it.
"""
import copy
import os
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from .causal_prefix import KeysValues, encode_after_prefix, encode_prefix
from .clip_image_encoder import CLIPImageEncoder
from .clip_weights import read_clip_weights
from .frozen_tower import FrozenTower
from .named_clip import load_named_clip

# What OpenAI trained CLIP with: open_clip 3.3.0, constants.py:1-2.
CLIP_PIXEL_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_PIXEL_STD = (0.26862954, 0.26130258, 0.27577711)


class CLIPTextEncoder(FrozenTower):
    """T of the paper, Section 3.2, from word embeddings instead of words.

    The rows of the TrackBook are word embeddings that belong to no word, so
    the tower starts behind its embedding table. The attention is causal:
    what follows the end-of-text token cannot reach it. The sequence therefore
    ends there, 12 tokens instead of 77 for four context tokens. Nor can the
    learned tokens reach the words before them: keys and values of these are
    computed once per sentence, 7 tokens are left. A tower of other blocks
    than those of open_clip reads all 12.

    Args:
        model (nn.Module): ``CLIP`` or ``CustomTextCLIP`` of open_clip.
        tokenizer (object): Byte pair encoder of open_clip.
    """

    def __init__(self, model: nn.Module, tokenizer: Any) -> None:
        super().__init__()
        text = getattr(model, 'text', model)
        _check_text_tower(text, tokenizer)
        self.tokenizer = tokenizer
        self.context_length: int = model.context_length
        self.token_embedding = text.token_embedding
        self.positional_embedding = text.positional_embedding
        self.transformer = text.transformer
        self.ln_final = text.ln_final
        self.text_projection = text.text_projection
        self.register_buffer('attn_mask', text.attn_mask, persistent=False)
        self.keeps_prefixes = _has_plain_blocks(text)
        self._prefixes: Dict[Tuple[int, ...], KeysValues] = {}
        self.freeze()

    @property
    def embed_dims(self) -> int:
        """int: Length of a word embedding."""
        return self.token_embedding.embedding_dim

    @property
    def joint_dims(self) -> int:
        """int: Length of a text feature, D of the joint space."""
        if self.text_projection is None:
            return self.embed_dims
        if isinstance(self.text_projection, nn.Linear):
            return self.text_projection.out_features
        return self.text_projection.size(1)

    def tokenize(self, text: str) -> List[int]:
        """Token ids with start and end of text, unpadded.

        Args:
            text (str): Any sentence.

        Returns:
            list[int]: ``[start, ..., end]``.
        """
        return [
            self.tokenizer.sot_token_id, *self.tokenizer.encode(text),
            self.tokenizer.eot_token_id
        ]

    def forward(self,
                embeddings: Tensor,
                prefix_ids: Sequence[int] = ()) -> Tensor:
        """Encode K sequences of the same length.

        Args:
            embeddings (Tensor): Word embeddings; the last of each sequence is
                the end-of-text token, has shape (K, S, C).
            prefix_ids (Sequence[int]): Tokens that stand before each of the
                sequences. Defaults to ().

        Returns:
            Tensor: Features before any normalisation, has shape (K, D).
        """
        start, end = len(prefix_ids), len(prefix_ids) + embeddings.size(1)
        if start and not self.keeps_prefixes:
            words = self._embed(prefix_ids).expand(len(embeddings), -1, -1)
            return self(torch.cat([words, embeddings], dim=1))
        hidden = embeddings + self.positional_embedding[start:end]
        mask = self.attn_mask[start:end, :end]
        if start:
            hidden = encode_after_prefix(self.transformer.resblocks, hidden,
                                         self._keys_values(tuple(prefix_ids)),
                                         mask)
        # Before 2.24 open_clip wanted (S, K, C), and so does OpenAI's CLIP.
        elif getattr(self.transformer, 'batch_first', False):
            hidden = self.transformer(hidden, attn_mask=mask)[:, -1]
        else:
            hidden = self.transformer(
                hidden.transpose(0, 1), attn_mask=mask)[-1]
        return self.project(hidden)

    def project(self, hidden: Tensor) -> Tensor:
        """From the last layer to the joint space.

        Args:
            hidden (Tensor): Of the end-of-text tokens, has shape (K, C).

        Returns:
            Tensor: Has shape (K, D).
        """
        hidden = self.ln_final(hidden)
        if self.text_projection is None:
            return hidden
        if isinstance(self.text_projection, nn.Linear):
            return self.text_projection(hidden)
        return hidden @ self.text_projection

    def _embed(self, token_ids: Sequence[int]) -> Tensor:
        """Embeddings of words, has shape (1, P, C)."""
        weight = self.token_embedding.weight
        return weight[torch.tensor([token_ids], device=weight.device)]

    def _keys_values(self, prefix_ids: Tuple[int, ...]) -> KeysValues:
        if prefix_ids not in self._prefixes:
            words = self._embed(prefix_ids)
            words = words + self.positional_embedding[:len(prefix_ids)]
            self._prefixes[prefix_ids] = encode_prefix(
                self.transformer.resblocks, words)
        return self._prefixes[prefix_ids]

    def _apply(self, *args: Any, **kwargs: Any) -> 'CLIPTextEncoder':
        """Forget what was computed on another device or in another type."""
        self._prefixes.clear()
        return super()._apply(*args, **kwargs)


@dataclass(frozen=True)
class FrozenCLIP:
    """Both towers, kept out of the module tree of their owner on purpose.

    As no sub-module, they are missing from checkpoints, from optimisers and
    from DistributedDataParallel. Nothing changes them, so that copies of the
    owner (an exponential moving average) share them.

    Attributes:
        text_encoder (CLIPTextEncoder): T.
        image_encoder (CLIPImageEncoder): I.
        logit_scale (float): Factor CLIP was trained with on cosines.
    """
    text_encoder: CLIPTextEncoder
    image_encoder: CLIPImageEncoder
    logit_scale: float

    def __deepcopy__(self, memo: Dict[int, Any]) -> 'FrozenCLIP':
        return self


def build_clip(model_name: Optional[str] = None,
               *,
               pretrained: Optional[str] = None,
               image_size: Tuple[int, int] = (256, 128),
               model_cfg: Optional[Dict[str, Any]] = None,
               seed: int = 0,
               pixel_mean: Sequence[float] = CLIP_PIXEL_MEAN,
               pixel_std: Sequence[float] = CLIP_PIXEL_STD,
               image_dtype: str = 'float32') -> FrozenCLIP:
    """Build the frozen towers by name or from a config.

    Exactly one of ``model_name`` and ``model_cfg`` is given. A file for the
    latter is one of tools/train_clip.py or any other state dict of such a
    model; it is read without executing code of it.

    Args:
        model_name (str, optional): A model of open_clip, such as
            ``'ViT-B-16-quickgelu'``. Defaults to None.
        pretrained (str, optional): Path of a weight file or, with
            ``model_name``, a tag of open_clip (``'openai'``). None for random
            weights. Defaults to None.
        image_size (tuple[int, int]): Height and width of a crop with
            ``model_name``; the positional embedding is resized to it. The
            paper writes "128x256" as width x height. Defaults to (256, 128).
        model_cfg (dict, optional): Keys of a model config of open_clip
            (``embed_dim``, ``vision_cfg``, ``text_cfg``, ...) for a small
            model, with the weights of the file ``pretrained`` or random
            ones, the same in every process. Its crop size is
            ``vision_cfg['image_size']``. Defaults to None.
        seed (int): Of random weights. Defaults to 0.
        pixel_mean (Sequence[float]): Of red, green and blue in [0, 1].
            Defaults to CLIP's own; Syliz517/CLIP-ReID@eb1898b uses 0.5
            (configs/person/vit_clipreid.yml).
        pixel_std (Sequence[float]): Likewise. Defaults to CLIP's own.
        image_dtype (str): Type that the image tower computes in, with
            ``'bfloat16'`` half its memory and, on a GPU, a part of its time.
            Features and losses stay in float32. Defaults to ``'float32'``.

    Returns:
        FrozenCLIP: On the CPU, in float32 but for the image tower.

    Raises:
        ValueError: For an unknown name or tag, QuickGELU mismatch, a file
            of another model or with code, a text tower that cannot be used,
            or not exactly one source.
        FileNotFoundError: If ``pretrained`` looks like a path without a file.
        ConnectionError: If the weights of a tag cannot be fetched.
    """
    import open_clip
    if (model_name is None) == (model_cfg is None):
        raise ValueError(
            'CLIP needs exactly one of "model_name" and "model_cfg", got '
            f'model_name={model_name!r} and model_cfg={model_cfg!r}.')
    if model_cfg is None:
        model = load_named_clip(model_name, pretrained, image_size, seed)
        tokenizer = open_clip.get_tokenizer(model_name)
    else:
        model = load_random_clip(model_cfg, seed)
        if pretrained is not None:
            load_weights(model, pretrained)
        tokenizer = build_tokenizer()
        image_size = model_cfg['vision_cfg'].get('image_size', 224)
        if isinstance(image_size, int):
            image_size = (image_size, image_size)
    return FrozenCLIP(
        CLIPTextEncoder(model, tokenizer),
        CLIPImageEncoder(model, tuple(image_size), pixel_mean, pixel_std,
                         image_dtype),
        float(model.logit_scale.detach().exp()))


def load_random_clip(model_cfg: Dict[str, Any], seed: int) -> nn.Module:
    """Model of open_clip's own classes with weights fixed by a seed.

    Args:
        model_cfg (dict): See :func:`build_clip`.
        seed (int): Of the weights; the global generator is left alone.

    Returns:
        nn.Module: ``CLIP``, or ``CustomTextCLIP`` with ``custom_text=True``.
    """
    import open_clip
    cfg = copy.deepcopy(dict(model_cfg))
    for part in ('vision_cfg', 'text_cfg'):
        cfg[part] = dict(cfg[part])
    custom = cfg.pop('custom_text', False)
    model_class = open_clip.CustomTextCLIP if custom else open_clip.CLIP
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return model_class(**cfg)


def load_weights(model: nn.Module, path: str) -> None:
    """Fill a model of :func:`load_random_clip` from a file.

    Args:
        model (nn.Module): Changed in place; numbers of another type, such as
            float16, are converted to its own.
        path (str): See :func:`read_clip_weights`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is of another model or no weight file, or reading it
            would execute code.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f'CLIP weights not found: pretrained={path!r} is no file, and '
            '"model_cfg" knows no tags. Make the file with '
            'tools/train_clip.py, or set pretrained=None for random weights.')
    weights = read_clip_weights(path)
    try:
        model.load_state_dict(weights)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise ValueError(
            f'CLIP weights pretrained={path!r} do not fit "model_cfg": '
            f'{" ".join(str(error).split())[:300]}. Set model_cfg as in '
            'their training; it stands in the .json file beside them.'
        ) from error


def build_tokenizer() -> Any:
    """Byte pair encoder that small models are trained with."""
    import open_clip
    return open_clip.SimpleTokenizer()


def build_contrastive_loss() -> nn.Module:
    """open_clip's ``ClipLoss``: unit image features, unit text features and
    the scale give the mean of both cross entropies."""
    import open_clip
    return open_clip.ClipLoss()


def _has_plain_blocks(text: nn.Module) -> bool:
    """Whether the layers compute what :mod:`causal_prefix` does."""
    from open_clip.transformer import ResidualAttentionBlock, Transformer
    mask = text.attn_mask
    causal = torch.full_like(mask, -torch.inf).triu(1)
    return (type(text.transformer) is Transformer and torch.equal(mask, causal)
            and all(
                type(block) is ResidualAttentionBlock and
                type(block.attn) is nn.MultiheadAttention and
                block.attn.in_proj_weight is not None and block.attn.bias_k is
                None and not block.attn.add_zero_attn
                for block in text.transformer.resblocks))


def _check_text_tower(text: nn.Module, tokenizer: Any) -> None:
    import open_clip
    problems = []
    if not isinstance(tokenizer, open_clip.SimpleTokenizer):
        problems.append(f'its tokenizer is {type(tokenizer).__name__}, not '
                        'the byte pair encoder of CLIP')
    if getattr(text, 'attn_mask', None) is None:
        problems.append('its attention is not causal')
    if getattr(text, 'cls_emb', None) is not None:
        problems.append('it appends a class token')
    pool = getattr(text, 'text_pool_type', getattr(text, 'pool_type', None))
    if pool not in ('argmax', 'eos'):
        problems.append(f'it pools by {pool!r}, not at the end of the text')
    if problems:
        raise ValueError(
            'This CLIP has a text tower that a TrackBook cannot prompt: '
            f'{"; ".join(problems)}. Choose a ViT of OpenAI or LAION such as '
            '\'ViT-B-16-quickgelu\'.')
