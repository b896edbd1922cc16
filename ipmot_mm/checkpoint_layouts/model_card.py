"""The page that goes with published weights: facts only, none invented."""
import platform
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

import torch

from ipmot_mm.version import __version__

from .release import Release

NOT_STATED = 'not stated'
SCORES = ('HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1')

CONTENTS = {
    'tracker': 'The tracker: detector, updater and deduplication, as far as '
    'the config has them. Without TrackBook, CLIP and optimisers: enough to '
    'track, and to start a training from (`load_from`), not to resume one.',
    'detector': 'The detector of a tracker alone, to start a training from '
    '(`load_from`). It does not track by itself.',
    'all': 'All parameters of the training, with the TrackBook, whose rows '
    'describe the persons of the training data. Without CLIP and optimisers.',
}

LIMITS = (
    'Evaluated on no other data than the tables here say.',
    'Learned from the data named above; scores on other cameras, crowds or '
    'weather may be lower.',
    'Identities are kept within a video, persons are not recognised again in '
    'another one.',
)


def describe_training(checkpoint: Mapping[str, Any]) -> Dict[str, str]:
    """What a checkpoint says of its training.

    Args:
        checkpoint (mapping): Of a training.

    Returns:
        dict[str, str]: Text by title; ``NOT_STATED`` where it says nothing.
    """
    meta = checkpoint.get('meta', {})
    data = meta.get('training_data') or {}
    weights = checkpoint.get('state_dict', checkpoint)
    book = weights.get('track_book.tokens')
    classes = meta.get('dataset_meta', {}).get('classes') or data.get(
        'classes')
    return {
        'Classes': ', '.join(classes) if classes else NOT_STATED,
        'Training data': _describe_videos(data.get('videos')),
        'Identities of the TrackBook':
        NOT_STATED if book is None else str(len(book)),
        'Epochs, iterations': f'{meta.get("epoch", NOT_STATED)}, '
        f'{meta.get("iter", NOT_STATED)}',
    }


def _describe_videos(datasets: Optional[Mapping[str, Any]]) -> str:
    """Numbers of each data set; names of videos are left out."""
    if not datasets:
        return NOT_STATED
    parts = []
    for name, videos in sorted(datasets.items()):
        frames, objects, ids = map(sum, zip(*videos.values()))
        parts.append(f'{name} ({len(videos)} videos, {frames} frames, '
                     f'{objects} boxes, {ids} identities)')
    return '; '.join(parts)


def describe_file(release: Release, path: Path,
                  sha256: str) -> Dict[str, str]:
    """Facts of the file that was written.

    Args:
        release (:obj:`Release`): What is in it.
        path (Path): Where it is.
        sha256 (str): Of its bytes.

    Returns:
        dict[str, str]: Text by title.
    """
    number = sum(value.numel() for value in release.weights.values())
    return {
        'File': f'`{path.name}`, {path.stat().st_size:,} bytes',
        'SHA-256': f'`{sha256}`',
        'Parameters and buffers': f'{number:,} in '
        f'{len(release.weights)} tensors',
        'Published with': f'ipmot_mm {__version__}{_git_commit()}, torch '
        f'{torch.__version__}, Python {platform.python_version()}',
    }


def _git_commit() -> str:
    """Of the checkout that this package runs from, '' if it is none."""
    folder = Path(__file__).resolve().parents[2]
    if not (folder / '.git').exists():
        return ''
    try:
        done = subprocess.run(
            ['git', '-C', str(folder), 'describe', '--always', '--dirty'],
            capture_output=True,
            text=True)
    except OSError:  # no git
        return ''
    return f' (git {done.stdout.strip()})' if done.returncode == 0 else ''


def write_card(name: str, facts: Mapping[str, str], part: str,
               scores: Mapping[str, Mapping[str, float]],
               limits: List[str]) -> str:
    """The page in Markdown.

    Args:
        name (str): Title.
        facts (mapping[str, str]): Text by title, in order.
        part (str): Which part of the checkpoint was kept.
        scores (mapping[str, mapping[str, float]]): Fractions by test.
        limits (list[str]): Sentences of the publisher.

    Returns:
        str: The text.
    """
    lines = [f'# {name}', '', CONTENTS[part], '', '| | |', '|---|---|']
    lines += [f'| {title} | {_cell(text)} |' for title, text in facts.items()]
    lines += ['', '## Scores', '']
    if scores:
        lines += [
            '| test | ' + ' | '.join(SCORES) + ' |',
            '|---|' + '---|' * len(SCORES),
            *(f'| {_cell(test)} | ' + ' | '.join(
                f'{100 * row[score]:.1f}' if score in row else ''
                for score in SCORES) + ' |' for test, row in scores.items())
        ]
    else:
        lines.append('None are given with this file.')
    lines += ['', '## Limits', '']
    lines += [f'* {limit}' for limit in (*LIMITS, *limits)]
    return '\n'.join(lines) + '\n'


def _cell(text: str) -> str:
    """Text that stays in its cell."""
    return re.sub(r'\s+', ' ', text).replace('|', '\\|')


def metafile_entry(name: str, config: str, facts: Mapping[str, str],
                   scores: Mapping[str, Mapping[str, float]],
                   weights: str) -> Dict[str, Any]:
    """Entry of ``Models`` in a ``metafile.yml``, as mim reads it.

    Args:
        name (str): Of the model.
        config (str): Path of its config.
        facts (mapping[str, str]): As of the card.
        scores (mapping[str, mapping[str, float]]): Fractions by test.
        weights (str): Address or path of the file.

    Returns:
        dict: With ``Results`` where there are scores.
    """
    entry: Dict[str, Any] = {
        'Name': name,
        'In Collection': 'IP-MOT',
        'Config': config,
        'Metadata': {
            'Training Data': facts['Training data']
        },
        'Weights': weights,
    }
    results = [{
        'Task': 'Multiple Object Tracking',
        'Dataset': test,
        'Metrics': {
            score: round(100 * row[score], 1)
            for score in SCORES if score in row
        }
    } for test, row in scores.items()]
    if results:
        entry['Results'] = results
    return entry
