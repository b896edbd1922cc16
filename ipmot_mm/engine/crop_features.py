"""Encode every person of the training data once, before it begins."""
import hashlib
import logging
import os
import os.path as osp
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterator, List, Optional, Tuple

import numpy as np
import torch
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.logging import print_log
from numpy import ndarray
from torch import Tensor, nn
from tqdm import tqdm

from ipmot_mm.datasets.unreadable_images import UnreadableImageError
from ipmot_mm.models.track_book.crop_cutter import CropSelection
from ipmot_mm.models.track_book.crop_feature_cache import CropFeatureCache
from ipmot_mm.models.track_book.feature_store import STATE, FeatureStore

from .training_persons import TrainingPersons

VERSION = 1  # of how crops are cut and features stored
NUM_READERS = 4  # threads; OpenCV decodes without Python's lock
READ_AHEAD = 16  # images
SECONDS_BETWEEN_COMMITS = 30.0


def open_crop_features(track_book: nn.Module, dataset: Any,
                       folder: str) -> CropFeatureCache:
    """The features of all persons, encoded where they are not there yet.

    Every rank has to call it. The first one encodes, the others wait. What
    was made of other data or with another CLIP is left alone: each has a
    folder of its own.

    Args:
        track_book (:obj:`TrackBookHead`): On its device.
        dataset (Dataset): Of the training data loader.
        folder (str): What all features are stored in.

    Returns:
        :obj:`CropFeatureCache`: For :meth:`TrackBookHead.read_features`.

    Raises:
        RuntimeError: If the first rank, which is not this one, failed.
    """
    persons = TrainingPersons(dataset)
    store = _store_of(track_book, persons, folder)
    failures: List[Optional[str]] = [None]
    if is_main_process():
        try:
            _complete(track_book, persons, store)
        except Exception as error:
            failures[0] = f'{type(error).__name__}: {error}'
            broadcast_object_list(failures)
            raise
    broadcast_object_list(failures)
    if failures[0] is not None:
        raise RuntimeError(
            f'Rank 0 could not make the crop features: {failures[0]}')
    features = store.read().reshape(len(persons.table), 2, store.dims)
    return CropFeatureCache(persons.table, features)


def _store_of(track_book: nn.Module, persons: TrainingPersons,
              folder: str) -> FeatureStore:
    encoder = track_book.frozen_clip.image_encoder
    contents = dict(
        version=VERSION,
        data_sets=persons.names,
        num_frames=len(persons.readers),
        num_persons=len(persons.table),
        data=persons.digest,
        crop_size=list(encoder.image_size),
        clip=encoder.digest())
    name = hashlib.sha256(repr(contents).encode()).hexdigest()[:12]
    return FeatureStore(
        osp.join(folder, name),
        contents=contents,
        num_vectors=2 * len(persons.table),
        dims=track_book.joint_dims)


def _complete(track_book: nn.Module, persons: TrainingPersons,
              store: FeatureStore) -> None:
    what = (f'Crop features of {len(persons.table)} boxes in '
            f'{len(persons.readers)} frames')
    with store.locked():
        if store.is_complete:
            print_log(f'{what}: read from {store.folder}.', logger='current')
            return
        others = _other_folders(store)
        if others:
            print_log(
                f'The crop features in {osp.dirname(store.folder)} '
                f'({", ".join(others)}) are of other data, another CLIP or '
                'another crop size and are not used.',
                logger='current')
        begin = time.monotonic()
        with store.writing() as num_done:
            done = f', {num_done // 2} of them are there' if num_done else ''
            print_log(
                f'{what}: encoded once into {store.folder} '
                f'({store.num_bytes / 2**20:.0f} MiB){done}.',
                logger='current')
            _Builder(track_book, persons, store).run(num_done // 2)
        print_log(
            f'{what}: complete after {time.monotonic() - begin:.0f} s.',
            logger='current')


def _other_folders(store: FeatureStore) -> List[str]:
    """Names of the folders of features beside that of a store."""
    folder, name = osp.split(store.folder)
    return sorted(
        other for other in os.listdir(folder)
        if other != name and osp.isfile(osp.join(folder, other, STATE)))


class _Builder:
    """Cuts and encodes the persons from some place on.

    Crop and mirror image go through the tower together, a full chunk at a
    time, whatever frames they are from.
    """

    def __init__(self, track_book: nn.Module, persons: TrainingPersons,
                 store: FeatureStore) -> None:
        self.track_book = track_book
        self.persons = persons
        self.store = store
        self.device = track_book.tokens.device
        self.max_pending = max(track_book.chunk_size // 2, 1)
        self.pending: List[Optional[Tensor]] = []
        self.begin = self.last_commit = time.monotonic()
        self.first_frame = 0

    def run(self, first: int) -> None:
        """Encode all persons from ``first`` on."""
        offsets = self.persons.table.offsets
        num_frames = len(self.persons.readers)
        start = int(offsets.searchsorted(first, side='right')) - 1
        self.first_frame = start
        with tqdm(
                desc='crop features',
                total=num_frames,
                initial=min(start, num_frames),
                unit='frame',
                disable=None,  # where nobody looks
                dynamic_ncols=True) as bar:
            for frame, img in self._read(start):
                span = slice(max(first, offsets[frame]), offsets[frame + 1])
                self._cut(img, torch.from_numpy(
                    self.persons.table.bboxes[span]))
                bar.update(1)
                if time.monotonic() - self.last_commit > (
                        SECONDS_BETWEEN_COMMITS):
                    self._commit(frame + 1, bar)
            self._encode(len(self.pending))

    def _read(self, first: int) -> Iterator[Tuple[int, Optional[ndarray]]]:
        """Images in their order, some of them read ahead."""
        frames = deque(range(first, len(self.persons.readers)))
        with ThreadPoolExecutor(NUM_READERS) as pool:
            coming: deque = deque()
            while frames or coming:
                while frames and len(coming) < READ_AHEAD:
                    frame = frames.popleft()
                    coming.append((frame, pool.submit(self._load, frame)))
                frame, image = coming.popleft()
                yield frame, image.result()

    def _load(self, frame: int) -> Optional[ndarray]:
        path = self.persons.table.img_paths[frame]
        try:
            return self.persons.readers[frame](path)
        except UnreadableImageError as error:
            print_log(
                f'{error} Its persons give no crop features.',
                logger='current',
                level=logging.ERROR)
            return None

    def _cut(self, img: Optional[ndarray], bboxes: Tensor) -> None:
        if img is None:
            self.pending += [None] * len(bboxes)
        else:
            height, width = img.shape[:2]
            bboxes = torch.minimum(
                bboxes.clamp(min=0),
                torch.tensor([width, height] * 2, dtype=bboxes.dtype))
            image = torch.from_numpy(img).to(self.device)
            image = image.permute(2, 0, 1).flip(0).float() / 255  # RGB
            inside = (bboxes[:, 2:] > bboxes[:, :2]).all(1)
            zeros = torch.zeros(len(bboxes), dtype=torch.long)
            crops = iter(
                self.track_book.crop_cutter.cut(
                    image[None, None],
                    CropSelection(zeros, bboxes, zeros)[inside]))
            self.pending += [
                next(crops) if each else None for each in inside.tolist()
            ]
        while len(self.pending) >= self.max_pending:
            self._encode(self.max_pending)

    def _encode(self, num: int) -> None:
        """Store the first persons that wait."""
        waiting, self.pending = self.pending[:num], self.pending[num:]
        there = np.array([crop is not None for crop in waiting], bool)
        features = np.full((len(waiting), 2, self.store.dims), np.nan,
                           np.float16)
        if there.any():
            crops = torch.stack([crop for crop in waiting if crop is not None])
            found = self.track_book.encode(torch.cat([crops, crops.flip(-1)]))
            found = found.cpu().numpy().astype(np.float16)
            if not np.isfinite(found).all():
                raise ValueError(
                    'CLIP gives crop features that are not finite as float16. '
                    'Check its weights, or set '
                    'model.track_book.feature_dir=None.')
            features[there, 0], features[there, 1] = np.split(found, 2)
        self.store.append(features.reshape(-1, self.store.dims))

    def _commit(self, num_frames: int, bar: tqdm) -> None:
        """Keep what is there, and tell a log how far it is."""
        self.store.commit()
        self.last_commit = time.monotonic()
        if not bar.disable:
            return
        total = len(self.persons.readers)
        speed = ((num_frames - self.first_frame) /
                 (self.last_commit - self.begin))
        print_log(
            f'Crop features: {num_frames} of {total} frames, {speed:.1f} '
            f'frames/s, {(total - num_frames) / speed:.0f} s left.',
            logger='current')
