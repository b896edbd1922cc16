from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner

from ipmot_mm.datasets import BaseClipDataset, ClipSampler
from ipmot_mm.datasets.frame_table import VideoAnnotations
from ipmot_mm.registry import HOOKS

DANCETRACK = [(0, 2), (5, 3), (9, 4), (15, 5)]


def make_runner(epoch, sampler=None):
    sampler = sampler or ClipSampler(
        SimpleNamespace(video_offsets=np.array([0, 30])), seed=0)
    return SimpleNamespace(
        epoch=epoch, train_dataloader=SimpleNamespace(sampler=sampler))


def test_lengths_follow_the_schedule_from_any_epoch():
    # MOTR: the length grows at epochs 5, 9 and 15 of 20, counted from 0.
    expected = [2] * 5 + [3] * 4 + [4] * 6 + [5] * 5
    hook = HOOKS.build(dict(type='ClipLengthHook', schedule=DANCETRACK))
    for epoch in range(20):
        runner = make_runner(epoch)  # as after a resume at this epoch
        hook.before_train_epoch(runner)
        indices = list(runner.train_dataloader.sampler)
        assert {index.num_frames for index in indices} == {expected[epoch]}


@pytest.mark.parametrize('schedule',
                         [[], [(1, 2)], [(0, 2),
                                         (0, 3)], [(0, 2), (9, 3),
                                                   (5, 4)], [(0, 0)]])
def test_bad_schedule_is_refused(schedule):
    with pytest.raises(ValueError, match='ascending epochs from 0 on'):
        HOOKS.build(dict(type='ClipLengthHook', schedule=schedule))


def test_other_sampler_is_refused():
    hook = HOOKS.build(dict(type='ClipLengthHook', schedule=[(0, 2)]))
    with pytest.raises(TypeError, match='type ClipSampler, got list'):
        hook.before_train_epoch(make_runner(0, sampler=[1]))


class TwelveFrames(BaseClipDataset):
    """One video of twelve frames without images."""

    def load_videos(self):
        nothing = np.zeros(0, dtype=int)
        return [
            VideoAnnotations('A', '', ['a.jpg'] * 12, 0, '', nothing,
                             np.zeros((0, 4)), nothing, nothing, nothing)
        ]


class LengthRecorder(BaseModel):
    """Notes the lengths of the clips that it is given."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.lengths = []

    def forward(self, inputs, mode):
        self.lengths += map(len, inputs)
        return dict(loss=self.weight**2)


def frames_only(info):
    """Pipeline that ends with what LengthRecorder takes."""
    return dict(inputs=info['frame_id'])


def train(work_dir, max_epochs, **kwargs):
    """Lengths in each epoch of a training with persistent workers."""
    model = LengthRecorder()
    runner = Runner(
        model=model,
        work_dir=str(work_dir),
        default_scope='ipmot_mm',
        experiment_name=f'{work_dir.name}-{max_epochs}',
        train_dataloader=dict(
            batch_size=3,
            num_workers=1,
            persistent_workers=True,
            collate_fn=lambda samples: dict(
                inputs=[sample['inputs'] for sample in samples]),
            sampler=dict(type='ClipSampler', num_frames=9),
            dataset=TwelveFrames(dataset_name='toy', pipeline=[frames_only])),
        train_cfg=dict(by_epoch=True, max_epochs=max_epochs),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        custom_hooks=[
            dict(type='ClipLengthHook', schedule=[(0, 2), (1, 3), (3, 4)])
        ],
        **kwargs)
    runner.train()
    return np.reshape(model.lengths, (-1, 12)).tolist()


def test_persistent_workers_and_resume_follow_the_schedule(tmp_path):
    expected = [[length] * 12 for length in (2, 3, 3, 4)]
    assert train(tmp_path, 2) == expected[:2]
    assert train(tmp_path, 4, resume=True) == expected[2:]
