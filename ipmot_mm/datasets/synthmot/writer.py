"""Write SynthMOT in MOTChallenge layout, resumable and reproducible."""
import io
import itertools
import json
import multiprocessing
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple, Union

import cv2
from mmengine.logging import print_log
from mmengine.utils import ProgressBar

from ..mot_writer import write_ground_truth, write_seqinfo
from ..sequence_frames import EncodedFrames
from .domains import DOMAINS, Domain
from .generator import SynthSequence, render_sequence
from .world import domain_of

# Part of every stamp: raise it when the same dials give other pixels, so
# that folders of an older generator are drawn anew.
GENERATOR_VERSION = 1
STAMP_NAME = 'synthmot.json'
SPLITS = ('train', 'val')


@dataclass(frozen=True)
class SequenceJob:
    """What one sequence folder is made of.

    Attributes:
        folder (Path): Where the sequence goes.
        domain (Domain): The dials.
        seed (tuple[int]): Entropy: seed, split, number of the sequence.
        num_frames (int): Number of frames.
        size (tuple[int]): Image (width, height).
        frame_rate (int): Written to ``seqinfo.ini``.
        quality (int): JPEG quality in 1..100.
        frame_step (int): Simulated frames from one frame to the next.
    """
    folder: Path
    domain: Domain
    seed: Tuple[int, ...]
    num_frames: int
    size: Tuple[int, int]
    frame_rate: int
    quality: int
    frame_step: int

    @property
    def stamp(self) -> Dict[str, Any]:
        """dict: Everything that decides the bytes, as JSON gives it back."""
        made_of = asdict(self)
        made_of.pop('folder')
        # Dials that came later than the first folders: where they are not
        # used, a folder written before them is still the same.
        if self.frame_step == 1:
            made_of.pop('frame_step')
        if not self.domain.scenes:
            made_of['domain'].pop('scenes')
        made_of.update(generator_version=GENERATOR_VERSION)
        return json.loads(json.dumps(made_of))

    @property
    def is_done(self) -> bool:
        """bool: Whether the folder holds just this sequence."""
        try:
            text = (self.folder / STAMP_NAME).read_text(encoding='utf-8')
            return json.loads(text) == self.stamp
        except (OSError, ValueError):
            return False


def write_synthmot(root: Union[str, Path],
                   domains: Sequence[Union[str, Domain]] = tuple(DOMAINS),
                   num_train: int = 20,
                   num_val: int = 4,
                   num_frames: int = 60,
                   seed: int = 0,
                   *,
                   size: Tuple[int, int] = (224, 128),
                   frame_rate: int = 15,
                   quality: int = 92,
                   frame_step: int = 1,
                   num_workers: int = 0,
                   progress: bool = True) -> List[Path]:
    """Write ``<root>/<domain>/{train,val}/<Domain>-NN/``.

    Each sequence folder holds ``img1/%06d.jpg``, ``gt/gt.txt``,
    ``seqinfo.ini``, ``persons.json`` (attributes and caption of each id) and
    a stamp. Sequences appear as a whole or not at all; those whose stamp says
    that they are the same are kept. Bytes depend neither on the number of
    workers nor on what else is written.

    Args:
        root (str | Path): Folder of the data set, made if needed.
        domains (Sequence[str | Domain]): Domains, or ``'world'`` for the
            family of :func:`sample_world`. Defaults to all of
            :data:`DOMAINS`.
        num_train (int): Training sequences a domain. Defaults to 20.
        num_val (int): Validation sequences a domain. Defaults to 4.
        num_frames (int): Frames a sequence. Defaults to 60.
        seed (int): Non-negative. Defaults to 0.
        size (tuple[int]): Image (width, height). Defaults to (224, 128).
        frame_rate (int): Of the simulation; ``seqinfo.ini`` names it divided
            by ``frame_step``. Defaults to 15.
        quality (int): JPEG quality. Defaults to 92.
        frame_step (int): One of so many simulated frames is kept. Defaults
            to 1.
        num_workers (int): Processes that draw; 0 draws in this one. Defaults
            to 0.
        progress (bool): Whether to show a progress bar. Defaults to True.

    Returns:
        list[Path]: Folders of all sequences, written or kept.

    Raises:
        ValueError: If a number is out of its range or a domain unknown.
        FileExistsError: If a folder is in the way that SynthMOT has not
            written.
    """
    if frame_step < 1:
        raise ValueError(
            f'frame_step must be at least 1, got {frame_step}; 1 keeps every '
            'frame')
    if seed < 0 or min(num_train, num_val) < 0 or num_workers < 0:
        raise ValueError(
            'seed, num_train, num_val and num_workers must not be negative, '
            f'got {seed}, {num_train}, {num_val}, {num_workers}')
    make = partial(
        SequenceJob,
        num_frames=num_frames,
        size=(int(size[0]), int(size[1])),
        frame_rate=max(round(frame_rate / frame_step), 1),
        quality=quality,
        frame_step=frame_step)
    jobs = []
    for domain, (split_id, split) in itertools.product(
            domains, enumerate(SPLITS)):
        for number in range(1, (num_train, num_val)[split_id] + 1):
            entropy = (seed, split_id, number)
            dials = domain_of(domain, entropy)
            folder = Path(root) / dials.name / split / \
                f'{dials.name.capitalize()}-{number:02d}'
            jobs.append(make(folder=folder, domain=dials, seed=entropy))
    _remove_stale(jobs)
    todo = [job for job in jobs if not job.is_done]
    for job in todo:
        _check_ours(job.folder)
    if len(todo) < len(jobs):
        print_log(
            f'SynthMOT: {len(jobs) - len(todo)} of {len(jobs)} sequences are '
            f'already in {root}', 'current')
    _run(todo, num_workers, progress)
    return [job.folder for job in jobs]


def write_sequence(sequence: SynthSequence,
                   folder: Union[str, Path],
                   *,
                   frame_rate: int = 15,
                   quality: int = 92) -> None:
    """Write one sequence in MOTChallenge layout.

    Args:
        sequence (SynthSequence): Frames, ground truth and persons.
        folder (str | Path): Sequence folder, made if needed.
        frame_rate (int): For ``seqinfo.ini``. Defaults to 15.
        quality (int): JPEG quality. Defaults to 92.
    """
    folder = Path(folder)
    for name in ('img1', 'gt'):
        (folder / name).mkdir(parents=True, exist_ok=True)
    written = EncodedFrames(
        sequence.frames, quality=quality).write(folder / 'img1')
    # 2 and 4 decimals: the bytes are part of what a seed promises
    write_ground_truth(
        folder / 'gt' / 'gt.txt',
        sequence.rows,
        num_frames=written.num_frames,
        decimals=(2, 4))
    write_seqinfo(folder, folder.name, written, frame_rate=frame_rate)
    persons = [
        dict(id=track, **look.to_dict())
        for track, look in sorted(sequence.persons.items())
    ]
    (folder / 'persons.json').write_text(
        json.dumps(persons, indent=1) + '\n', encoding='utf-8')


def _run(jobs: Sequence[SequenceJob], num_workers: int,
         progress: bool) -> None:
    if not jobs:
        return
    bar = ProgressBar(
        len(jobs), file=sys.stdout if progress else io.StringIO())
    if num_workers <= 1:
        for job in jobs:
            _write_job(job)
            bar.update()
    else:
        _run_in_parallel(jobs, num_workers, bar)
    bar.file.write('\n')


def _run_in_parallel(jobs: Sequence[SequenceJob], num_workers: int,
                     bar: ProgressBar) -> None:
    # A forked worker has the imports already; they take longer than a scene.
    method = 'fork' if 'fork' in multiprocessing.get_all_start_methods() \
        else 'spawn'
    with ProcessPoolExecutor(
            num_workers,
            mp_context=multiprocessing.get_context(method),
            initializer=partial(cv2.setNumThreads, 0)) as pool:
        for _ in pool.map(_write_job, jobs):
            bar.update()


def _write_job(job: SequenceJob) -> None:
    """Draw beside the final place, then move: never half a sequence."""
    # Outside of the split: a loader would take a draft left there by a
    # killed process for a sequence.
    split = job.folder.parent
    draft = split.parent / f'.{split.name}-{job.folder.name}.{os.getpid()}'
    shutil.rmtree(draft, ignore_errors=True)
    try:
        sequence = render_sequence(
            job.domain,
            job.seed,
            job.num_frames,
            job.size,
            frame_step=job.frame_step)
        # The name in seqinfo.ini is that of the final folder.
        inner = draft / job.folder.name
        write_sequence(
            sequence, inner, frame_rate=job.frame_rate, quality=job.quality)
        (inner / STAMP_NAME).write_text(
            json.dumps(job.stamp, indent=1) + '\n', encoding='utf-8')
        split.mkdir(parents=True, exist_ok=True)
        if job.folder.exists():
            shutil.rmtree(job.folder)
        os.replace(inner, job.folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _check_ours(folder: Path) -> None:
    if folder.exists() and not (folder / STAMP_NAME).is_file():
        raise FileExistsError(
            f'{folder} exists and has no {STAMP_NAME}, so SynthMOT has not '
            'written it; move it away or choose another root')


def _remove_stale(jobs: Sequence[SequenceJob]) -> None:
    """Delete our sequences beyond the number asked for.

    A loader reads every folder of a split, so one left over from a larger
    run would quietly become part of a smaller one.
    """
    wanted = {job.folder for job in jobs}
    domain_folders = {folder.parents[1] for folder in wanted}
    for name, folder in itertools.product(SPLITS, sorted(domain_folders)):
        for stamp in sorted(folder.glob(f'{name}/*/{STAMP_NAME}')):
            if stamp.parent not in wanted:
                print_log(
                    f'SynthMOT: removing {stamp.parent}, which is not among '
                    'the sequences asked for', 'current')
                shutil.rmtree(stamp.parent)


def read_persons(folder: Union[str, Path]) -> Dict[int, Dict[str, Any]]:
    """Read the attributes of the persons of a sequence.

    Args:
        folder (str | Path): Sequence folder.

    Returns:
        dict[int, dict]: Attributes and ``caption`` of each id of ``gt.txt``.

    Raises:
        FileNotFoundError: If the folder has no ``persons.json``.
    """
    path = Path(folder) / 'persons.json'
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} is missing; SynthMOT sequences have it, write them with '
            'tools/dataset_converters/make_synthmot.py')
    persons = json.loads(path.read_text(encoding='utf-8'))
    return {person.pop('id'): person for person in persons}
