"""From sequences of SynthMOT to a file of CLIP weights and its report."""
import hashlib
import io
import json
import os.path as osp
import time
from dataclasses import asdict
from typing import Any, Dict, List, Sequence

import torch
from mmengine.config import Config
from mmengine.logging import print_log
from torch import nn

from ipmot_mm.atomic_files import write_atomically
from ipmot_mm.models.track_book.clip_encoders import (build_contrastive_loss,
                                                      build_tokenizer,
                                                      load_random_clip)

from .captions import HELD_OUT_KEYS, is_held_out
from .contrastive_training import (TrainingSettings, encode_texts, normalized,
                                   train_towers)
from .person_crops import PersonCrops, load_person_crops
from .remembering_tokenizer import RememberingTokenizer
from .zero_shot import zero_shot_scores

HELD_OUT_SHARE = 0.2
CROPS_PER_PERSON = 4
TEST_VISIBILITY = 0.5
NUM_RANDOM_SEEDS = 3


def model_cfg_of(cfg: Config, path: str) -> Dict[str, Any]:
    """The towers that a config describes.

    Args:
        cfg (Config): With a ``model``.
        path (str): Its file, for the message.

    Returns:
        dict: ``model.track_book.clip.model_cfg``.

    Raises:
        ValueError: If it has none.
    """
    clip = (cfg.get('model', {}).get('track_book') or {}).get('clip') or {}
    if clip.get('model_cfg') is None:
        raise ValueError(
            f'{path} has no model.track_book.clip.model_cfg, which says how '
            'the towers of a small CLIP are made; give a config that has, '
            'such as configs/_base_/models/ipmot_dab_small.py.')
    return clip.model_cfg.to_dict()


def train_small_clip(model_cfg: Dict[str, Any],
                     data_root: str,
                     out: str,
                     *,
                     settings: TrainingSettings,
                     test_roots: Sequence[str] = (),
                     keep_norms: bool = False) -> Dict[str, Any]:
    """Train a CLIP, test it beside random ones and write all files.

    Persons whose combination of colours is held out are left out of the
    training (:func:`is_held_out`).

    Args:
        model_cfg (dict): Of :func:`build_clip`.
        data_root (str): Folder with the splits ``train`` and ``val`` of the
            domain to learn from.
        out (str): Weight file to write, such as ``clip_tiny_world.pt``. The
            same in float16 goes to ``*_fp16.pt``, the report to ``*.json``.
        settings (TrainingSettings): How long and how fast.
        test_roots (Sequence[str]): Folders of sequences to test on as well.
            Defaults to ().
        keep_norms (bool): Whether to leave out :func:`match_norms`. Defaults
            to False.

    Returns:
        dict: The report.

    Raises:
        FileNotFoundError: If a folder or ``persons.json`` is missing.
    """
    size = tuple(model_cfg['vision_cfg']['image_size'])
    data = load_person_crops(
        osp.join(data_root, 'train'),
        size=size,
        crops_per_person=CROPS_PER_PERSON,
        seed=settings.seed)
    data = data.subset(
        [not is_held_out(each, HELD_OUT_SHARE) for each in data.persons])
    tests = load_tests(osp.join(data_root, 'val'), test_roots, size)
    counts = [f'{len(test.persons)} in {n}' for n, test in tests.items()]
    print_log(
        f'{len(data.crops)} crops of {len(data.persons)} persons to learn '
        f'from; to test on: {", ".join(counts)}',
        logger='current')
    tokenizer = RememberingTokenizer(build_tokenizer())
    model = load_random_clip(model_cfg, settings.seed)
    begin, cpu = time.monotonic(), time.process_time()
    losses = train_towers(model, build_contrastive_loss(), tokenizer, data,
                          settings)
    if not keep_norms:
        match_norms(model, tokenizer, data)
    report = dict(
        model_cfg=model_cfg,
        settings=asdict(settings),
        data=dict(
            root=data_root,
            num_persons=len(data.persons),
            num_crops=len(data.crops),
            held_out=dict(keys=list(HELD_OUT_KEYS), share=HELD_OUT_SHARE)),
        seconds=round(time.monotonic() - begin, 1),
        cpu_seconds=round(time.process_time() - cpu, 1),
        losses=[round(sum(losses[i:i + 50]) / len(losses[i:i + 50]), 4)
                for i in range(0, len(losses), 50)],
        logit_scale=round(float(model.logit_scale.detach().exp()), 3),
        trained=score(model, tokenizer, tests),
        random=average([
            score(load_random_clip(model_cfg, seed).eval(), tokenizer, tests)
            for seed in range(NUM_RANDOM_SEEDS)
        ]))  # yapf: disable
    report['files'] = write_weights(model, out)
    write_atomically(
        f'{osp.splitext(out)[0]}.json', json.dumps(report, indent=1) + '\n')
    return report


@torch.no_grad()
def match_norms(model: nn.Module, tokenizer: Any, data: PersonCrops) -> None:
    """Have the plain dot product of features mean what the training meant.

    A CLIP is trained on cosines times its scale, but Eq. 1 of the paper takes
    the dot product of raw features. For the CLIP of OpenAI both are alike,
    as its features are about 10 long and its scale is 100. Here both
    projections are multiplied by a number each, so that the mean lengths are
    the root of the scale. No cosine changes.

    Args:
        model (nn.Module): ``CLIP`` of open_clip, changed in place.
        tokenizer (object): ``SimpleTokenizer`` of open_clip.
        data (PersonCrops): To take the mean over.
    """
    length = float(model.logit_scale.exp().sqrt())
    images = model.encode_image(normalized(data.crops[::10].float() / 255))
    texts = encode_texts(model, tokenizer,
                         [each['caption'] for each in data.persons[::10]])
    model.visual.proj *= length / images.norm(dim=-1).mean()
    model.text_projection *= length / texts.norm(dim=-1).mean()


def load_tests(val_root: str, test_roots: Sequence[str],
               size: Sequence[int]) -> Dict[str, PersonCrops]:
    """One crop of each person of some folders.

    Args:
        val_root (str): Sequences of the domain that is learned from.
        test_roots (Sequence[str]): Others.
        size (Sequence[int]): Height and width of a crop.

    Returns:
        dict[str, PersonCrops]: By ``domain/split``; ``unseen`` has the
        persons of the first whose combination of colours is held out, if
        there are any.
    """
    tests: Dict[str, PersonCrops] = {}
    for root in (val_root, *test_roots):
        name = '/'.join(osp.normpath(root).split(osp.sep)[-2:])
        tests[name] = load_person_crops(
            root,
            size=(size[0], size[1]),
            crops_per_person=1,
            min_visibility=TEST_VISIBILITY)
    first = next(iter(tests.values()))
    unseen = [is_held_out(each, HELD_OUT_SHARE) for each in first.persons]
    if not any(unseen):
        return tests
    return dict(unseen=first.subset(unseen), **tests)


def score(model: nn.Module, tokenizer: Any,
          tests: Dict[str, PersonCrops]) -> Dict[str, Dict[str, float]]:
    """Zero-shot numbers of a model on each set of crops.

    Args:
        model (nn.Module): ``CLIP`` of open_clip, in evaluation mode.
        tokenizer (object): Of the same.
        tests (dict[str, PersonCrops]): Of :func:`load_tests`.

    Returns:
        dict[str, dict[str, float]]: See :func:`zero_shot_scores`.
    """
    return {
        name: {
            key: round(value, 4)
            for key, value in zero_shot_scores(model, tokenizer, data).items()
        }
        for name, data in tests.items()
    }


def average(
    reports: List[Dict[str, Dict[str, float]]]
) -> Dict[str, Dict[str, float]]:
    """Mean of each number over several models.

    Args:
        reports (list[dict]): Of :func:`score`.

    Returns:
        dict[str, dict[str, float]]: Likewise.
    """
    return {
        name: {
            key: round(sum(each[name][key] for each in reports) /
                       len(reports), 4)
            for key in scores
        }
        for name, scores in reports[0].items()
    }


def write_weights(model: nn.Module, out: str) -> Dict[str, Dict[str, Any]]:
    """Write a state dict in float32 and in float16.

    Args:
        model (nn.Module): Its weights.
        out (str): File for those in float32.

    Returns:
        dict[str, dict]: ``bytes`` and ``sha256`` by file name.
    """
    stem, suffix = osp.splitext(out)
    written = {}
    for path, dtype in ((out, torch.float32), (f'{stem}_fp16{suffix}',
                                               torch.float16)):
        buffer = io.BytesIO()
        torch.save(
            {key: value.detach().to(dtype)
             for key, value in model.state_dict().items()}, buffer)
        content = buffer.getvalue()
        write_atomically(path, content)
        written[osp.basename(path)] = dict(
            bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    return written
