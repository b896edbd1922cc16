"""Trainings that read crop features: they learn, resume and share."""
import os

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from interrupted_runs import (EPOCHS, LENGTH, Recorder, all_state, assert_same,
                              make_cfg, resume, train, write_videos)

from ipmot_mm.datasets import MOTClipDataset
from ipmot_mm.engine.crop_features import open_crop_features
from ipmot_mm.engine.optim import RowwiseAdamW
from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.structures import FrameTargets
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


def make_dataset(root):
    return MOTClipDataset(
        data_root=str(root), dataset_name='tiny', pipeline=[
            dict(type='LoadClipImages'), dict(type='PackClipInputs')
        ])


def make_head(dataset):
    head = TrackBookHead(
        clip=dict(model_cfg=tiny_clip_cfg()), num_context_tokens=2,
        min_crop_size=(1, 1), feature_dir='features')
    head.set_identity_map(dataset.identity_map)
    return head


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    return write_videos(tmp_path_factory.mktemp('videos'))


def test_the_track_book_learns_from_stored_features(videos, tmp_path):
    dataset = make_dataset(videos)
    head = make_head(dataset)
    head.feature_cache = open_crop_features(head, dataset, str(tmp_path))
    frames = [
        dataset[index]['data_samples'].video_data_samples[0]
        for index in range(len(dataset))
    ]
    targets = [[
        FrameTargets.from_instances(frame.gt_instances, frame.img_shape,
                                    frame.img_path) for frame in frames
    ]]
    optimizer = RowwiseAdamW(head.parameters(), lr=0.02)
    losses = []
    for step in range(40):
        flips = [step % 2 == 1] * len(frames)
        parts = head.loss(*head.gather([head.read_features(targets, flips)]))
        optimizer.zero_grad()
        sum(parts.values()).backward()
        optimizer.step()
        losses.append(sum(parts.values()).item())
    assert np.mean(losses[-4:]) < 0.7 * np.mean(losses[:4])


def test_a_resumed_training_goes_on_bit_for_bit(videos, tmp_path,
                                                monkeypatch):
    """Also where the features are lost in between."""
    calls = []
    monkeypatch.setattr(
        TrackBookHead, 'encode_crops',
        lambda *args: calls.append(1))  # nobody may cut crops
    cfg = make_cfg(videos, tmp_path)
    cfg.model.track_book.feature_dir = str(tmp_path / 'features')
    recorder = Recorder(tmp_path / 'snapshots')
    state = all_state(train(cfg, 'straight', recorder))
    (tmp_path / 'features').rename(tmp_path / 'lost')
    runner, resumed = resume(cfg, 'resumed', recorder.snapshots / '6')
    rest = {i: row for i, row in recorder.rows.items() if i >= 6}
    assert len(rest) == EPOCHS * LENGTH - 6
    assert_same(resumed.rows, rest)
    assert_same(all_state(runner), state)
    assert runner.model.track_book.feature_cache is not None and not calls
    folders = [list((tmp_path / name).iterdir())
               for name in ('features', 'lost')]
    assert [len(each) for each in folders] == [1, 1]
    data = [each[0].joinpath('features.bin').read_bytes() for each in folders]
    assert len(data[0]) > 0 and data[0] == data[1]


def open_on_rank(rank, videos, folder):
    """What a rank of a training does before it begins; once it fails."""
    os.environ.setdefault('GLOO_SOCKET_IFNAME', 'lo')
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/rendezvous', rank=rank,
        world_size=2)
    dataset = make_dataset(videos)
    head = make_head(dataset)
    encode = head.encode
    results = []
    for poison in (float('nan'), 1):
        # the second rank has nothing to encode with
        head.encode = None if rank else (
            lambda crops, poison=poison: encode(crops) * poison)
        try:
            cache = open_crop_features(head, dataset, f'{folder}/features')
            results.append(torch.from_numpy(np.array(cache.features)))
        except Exception as error:
            results.append(f'{type(error).__name__}: {error}')
    torch.save(results, f'{folder}/rank{rank}.pt')
    dist.destroy_process_group()


def test_the_first_rank_encodes_for_all(videos, tmp_path):
    mp.spawn(open_on_rank, args=(videos, str(tmp_path)), nprocs=2)
    failures, found = zip(
        *(torch.load(tmp_path / f'rank{rank}.pt') for rank in range(2)))
    assert failures[0].startswith('ValueError: CLIP gives crop features that')
    assert failures[1].startswith(
        'RuntimeError: Rank 0 could not make the crop features: ValueError: ')
    assert len(found[0]) > 0 and torch.equal(*found)
