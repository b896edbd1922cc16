"""Models that open_clip knows by name, with weights by tag or file."""
import difflib
import logging
import os
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, Dict, Iterator, Optional, Tuple

import torch
from mmengine.logging import print_log
from torch import nn

from .clip_weights import is_torch_script, read_clip_weights

_WEIGHT_SUFFIXES = ('.pt', '.pth', '.bin', '.safetensors', '.npz')


def load_named_clip(model_name: str, pretrained: Optional[str],
                    image_size: Tuple[int, int], seed: int) -> nn.Module:
    """Build a model of open_clip by name.

    Args:
        model_name (str): One of ``open_clip.list_models()``.
        pretrained (str, optional): Tag, path of a file, or None.
        image_size (tuple[int, int]): Height and width of a crop.
        seed (int): Of random weights.

    Returns:
        nn.Module: On the CPU.

    Raises:
        As :func:`build_clip`.
    """
    _check_model_name(model_name)
    if pretrained is None:
        print_log(
            f'CLIP {model_name} has random weights: nothing is learned from '
            'CLIP. Set "pretrained" to a tag or a file of weights.',
            logger='current')
        return _create_named(model_name, None, image_size, seed)
    tag_cfg = _check_pretrained(model_name, pretrained)
    if tag_cfg is None:
        return _load_named_file(model_name, pretrained, image_size, seed)
    try:
        with _without_logs():
            return _create_named(model_name, pretrained, image_size, seed)
    except (RuntimeError, OSError) as error:
        cause = ' '.join(str(error).split())[:160]
        hub = tag_cfg.get('hf_hub', '').rstrip('/')
        address = tag_cfg.get('url') or f'https://huggingface.co/{hub}'
        raise ConnectionError(
            f'CLIP {model_name}: the weights {pretrained!r} could not be '
            f'fetched ({cause} ...). Where there is a network, download '
            f'{address} (on the Hugging Face Hub: {hub or "not there"}) and '
            'set model.track_book.clip.pretrained to the file, or copy the '
            'cache of the Hub and set HF_HUB_CACHE to it. To try the code '
            'alone, set it to None for random weights.') from error


def _create_named(model_name: str, pretrained: Optional[str],
                  image_size: Tuple[int, int], seed: int) -> nn.Module:
    """The model, with random weights fixed by the seed where it has none."""
    import open_clip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return open_clip.create_model(
            model_name,
            pretrained=pretrained,
            force_image_size=tuple(image_size))


def _load_named_file(model_name: str, path: str, image_size: Tuple[int, int],
                     seed: int) -> nn.Module:
    """A named model with the weights of a file, of whichever kind it is."""
    weights = read_clip_weights(path)
    halves = any(value.dtype == torch.float16 for value in weights.values())
    with TemporaryDirectory() as folder:
        source = path
        if halves or is_torch_script(path):
            # open_clip resizes what depends on the crop size, but not in
            # float16 on a CPU; and takes paths alone, of files without code
            source = os.path.join(folder, 'weights.pt')
            torch.save({key: weights[key].float() for key in weights}, source)
        try:
            return _create_named(model_name, source, image_size, seed)
        except (RuntimeError, KeyError, AttributeError) as error:
            hint = ''
            if any(key.startswith('text_model.') for key in weights):
                hint = (' They are those of transformers; take a file '
                        'open_clip_pytorch_model.bin, or that of OpenAI.')
            raise ValueError(
                f'CLIP weights pretrained={path!r} do not fit '
                f'model_name={model_name!r}: '
                f'{" ".join(str(error).split())[:300]}.{hint} Name the model '
                'that they are of.') from error


@contextmanager
def _without_logs() -> Iterator[None]:
    """Spare the user the retries of a download; one error tells it all."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def _check_model_name(model_name: str) -> None:
    import open_clip
    known = open_clip.list_models()
    if model_name not in known:
        close = difflib.get_close_matches(model_name, known, n=3)
        hint = f' Close names: {", ".join(close)}.' if close else ''
        raise ValueError(
            f'Unknown CLIP model_name {model_name!r}.{hint} Choose one of '
            'open_clip.list_models(), or give "model_cfg".')


def _check_pretrained(model_name: str,
                      pretrained: str) -> Optional[Dict[str, Any]]:
    """Refuse what open_clip would load wrongly or explain badly.

    Returns:
        dict | None: What open_clip knows of the tag, None for a file.
    """
    import open_clip
    tag_cfg = open_clip.get_pretrained_cfg(model_name, pretrained)
    if tag_cfg:
        # open_clip only warns, and the features are wrong:
        # mlfoundations/open_clip issue 771.
        _check_activation(model_name, pretrained,
                          tag_cfg.get('quick_gelu', pretrained == 'openai'))
        return tag_cfg
    if os.path.isfile(pretrained):
        if is_torch_script(pretrained):  # OpenAI alone publishes these
            _check_activation(model_name, pretrained, True)
        return None
    if os.sep in pretrained or pretrained.endswith(_WEIGHT_SUFFIXES):
        raise FileNotFoundError(
            f'CLIP weights not found: pretrained={pretrained!r} is no '
            'file. Give the path of a downloaded weight file or a tag.')
    tags = sorted(open_clip.list_pretrained_tags_by_model(model_name))
    close = difflib.get_close_matches(pretrained, tags, n=3)
    others = [
        name for name in open_clip.list_models()
        if open_clip.get_pretrained_cfg(name, pretrained)
    ]
    hint = f' Close tags: {", ".join(close)}.' if close else ''
    if others:
        hint += f' Models with this tag: {", ".join(others[:4])}.'
    raise ValueError(
        f'Unknown CLIP weights pretrained={pretrained!r} for '
        f'{model_name!r}.{hint} Give a file or one of {tags}.')


def _check_activation(model_name: str, pretrained: str,
                      expected: bool) -> None:
    import open_clip
    found = open_clip.get_model_config(model_name).get('quick_gelu', False)
    if expected != found:
        base = model_name.replace('-quickgelu', '')
        right = f'{base}-quickgelu' if expected else base
        raise ValueError(
            f'CLIP weights {pretrained!r} were trained with quick_gelu='
            f'{expected}, but {model_name!r} has quick_gelu={found}. Use '
            f'model_name={right!r}.')
