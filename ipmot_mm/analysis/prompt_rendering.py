"""Pictures of what a TrackBook says, by Stable Diffusion (paper, Fig. 4).

The tokens of an identity are word embeddings. A Stable Diffusion can read
them if its text tower is the one they were learned with, and no other.
"""
import os.path as osp
import re
from typing import Any, Optional

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ipmot_mm.models.track_book.clip_encoders import CLIPTextEncoder
from ipmot_mm.models.track_book.prompt_template import PromptTemplate

SAME_TABLE = 0.99
"""Mean cosine of the word embeddings of two towers that are the same; float16
leaves 0.9999, other trainings about 0."""


def replace_last_word(template: str, word: str) -> str:
    """The sentence that asks for something else of the same person.

    Args:
        template (str): With ``{}`` for the learned tokens.
        word (str): In place of the last one.

    Returns:
        str: Likewise with ``{}``.

    Raises:
        ValueError: If no word follows the learned tokens.

    >>> replace_last_word('A photo of a {} person.', 'color')
    'A photo of a {} color.'
    """
    head, tokens, tail = template.rpartition('{}')
    tail, count = re.subn(r'\w+(\W*)$', rf'{word}\1', tail)
    if not count:
        raise ValueError(f'template {template!r} has no word after "{{}}" '
                         f'which {word!r} could replace')
    return head + tokens + tail


def load_pipeline(name: str, *, device: str = 'cpu',
                  half: bool = False) -> Any:
    """Load a Stable Diffusion.

    Args:
        name (str): Folder that diffusers' ``save_pretrained`` wrote, or a
            repository of the Hugging Face hub.
        device (str): Where it computes. Defaults to 'cpu'.
        half (bool): Whether in float16, for a GPU. Defaults to False.

    Returns:
        :obj:`diffusers.StableDiffusionPipeline`: Ready.

    Raises:
        FileNotFoundError: If a path is no folder.
        ValueError: Without diffusers or transformers, or if there is no such
            pipeline, or it is of another kind.
    """
    try:
        import transformers  # noqa: F401  diffusers starts without it
        from diffusers import DiffusionPipeline, StableDiffusionPipeline
    except ImportError as error:
        raise ValueError(
            f'Stable Diffusion cannot be loaded ({error}); '
            'pip install "ipmot_mm[diffusion]" brings what it needs'
        ) from error
    is_path = name.count('/') != 1 or name.startswith(('.', '/', '~'))
    if is_path and not osp.isdir(osp.expanduser(name)):
        raise FileNotFoundError(
            f'pipeline not found: {name} is no folder; give one with a '
            'model_index.json, or the name of a repository on the hub')
    try:
        pipeline = DiffusionPipeline.from_pretrained(
            osp.expanduser(name),
            torch_dtype=torch.float16 if half else torch.float32)
    except (OSError, ValueError) as error:
        raise ValueError(
            f'pipeline {name!r} cannot be loaded: '
            f'{" ".join(str(error).split())[:200]}') from error
    if not isinstance(pipeline, StableDiffusionPipeline):
        raise ValueError(
            f'pipeline {name!r} is a {type(pipeline).__name__}, expected a '
            'StableDiffusionPipeline, which reads one text tower: version 1 '
            'or 2 of Stable Diffusion')
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


class PromptRenderer:
    """Has a Stable Diffusion draw prompts with learned tokens.

    Args:
        pipeline (:obj:`diffusers.StableDiffusionPipeline`): Of
            :func:`load_pipeline`.
        text_encoder (:obj:`CLIPTextEncoder`): Tower that the tokens were
            learned with.

    Raises:
        ValueError: If the pipeline has another text tower.
    """

    def __init__(self, pipeline: Any, text_encoder: CLIPTextEncoder) -> None:
        self.pipeline = pipeline
        self.text_encoder = text_encoder
        self._table: nn.Module = pipeline.text_encoder.get_input_embeddings()
        _check_same_tower(text_encoder.token_embedding.weight.detach(),
                          self._table.weight.detach())

    @torch.no_grad()
    def encode(self, template: str, tokens: Tensor) -> Tensor:
        """What the picture is made from: every position of the last layer.

        The sentence is padded as the tokenizer of the pipeline pads it, up
        to the length it was trained with, and the learned tokens get the
        position embeddings of the places where they stand.

        Args:
            template (str): With ``{}`` for the learned tokens.
            tokens (Tensor): Row of the TrackBook, has shape (M * C, ).

        Returns:
            Tensor: ``prompt_embeds`` of the pipeline, has shape (1, 77, C).
        """
        learned = tokens.view(-1, self.text_encoder.embed_dims)  # (M, C)
        sentence = PromptTemplate(
            template,
            num_context_tokens=len(learned),
            text_encoder=self.text_encoder)
        place = slice(sentence.context_start,
                      sentence.context_start + len(learned))
        tower = self.pipeline.text_encoder
        ids = torch.full((1, tower.config.max_position_embeddings),
                         self.pipeline.tokenizer.pad_token_id)
        ids[0, :len(sentence.token_ids)] = torch.tensor(sentence.token_ids)

        def put_in(_: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
            output = output.clone()
            output[:, place] = learned.to(output)
            return output

        # the towers of transformers read numbers of words only
        handle = self._table.register_forward_hook(put_in)
        try:
            return tower(ids.to(self._table.weight.device))[0]
        finally:
            handle.remove()

    def render(self,
               prompt_embeds: Tensor,
               *,
               seed: int,
               size: Optional[int] = None,
               num_steps: int = 50,
               guidance_scale: float = 7.5) -> np.ndarray:
        """Draw one picture.

        Args:
            prompt_embeds (Tensor): Of :meth:`encode`.
            seed (int): Of the noise that it starts from.
            size (int, optional): Pixels of a side. Defaults to None, for
                that which the pipeline was trained with.
            num_steps (int): Of the diffusion. Defaults to 50.
            guidance_scale (float): How far to exaggerate the prompt.
                Defaults to 7.5, as in diffusers.

        Returns:
            np.ndarray: RGB, uint8, has shape (size, size, 3).
        """
        # on the CPU, the same noise for any device
        generator = torch.Generator().manual_seed(seed)
        image = self.pipeline(
            prompt_embeds=prompt_embeds,
            height=size,
            width=size,
            num_inference_steps=num_steps,
            guidance_scale=guidance_scale,
            generator=generator).images[0]
        return np.asarray(image.convert('RGB'))


def _check_same_tower(ours: Tensor, theirs: Tensor) -> None:
    """Raise a ValueError unless both have the same word embeddings."""
    if ours.size(1) != theirs.size(1) or len(theirs) < len(ours):
        raise ValueError(
            'The text tower of the pipeline has '
            f'{theirs.size(0)} word embeddings of width {theirs.size(1)}, '
            f'but the TrackBook was learned with {ours.size(0)} of width '
            f'{ours.size(1)}. {REMEDY}')
    # a pipeline may know words beyond those of CLIP
    cosine = F.cosine_similarity(
        ours.cpu().float(), theirs[:len(ours)].cpu().float()).mean()
    if cosine < SAME_TABLE:
        raise ValueError(
            'The text tower of the pipeline has other weights than the one '
            'that the TrackBook was learned with (mean cosine of their word '
            f'embeddings {float(cosine):.3f}, expected 1), so that its '
            f'pictures would mean nothing. {REMEDY}')


REMEDY = (
    'Stable Diffusion 1 reads with OpenAI\'s ViT-L-14 (width 768), version 2 '
    'with LAION\'s ViT-H-14 (width 1024): train the TrackBook with model.'
    'track_book.clip=dict(model_name=\'ViT-L-14-quickgelu\', '
    'pretrained=\'openai\'), or take the pipeline of its CLIP.')
