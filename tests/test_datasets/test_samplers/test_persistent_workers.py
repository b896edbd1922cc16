"""The schedule of clip lengths, in real workers that outlive an epoch."""
import os

import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner

NUM_FRAMES = 6
SCHEDULE = [(0, 2), (1, 3), (2, 4)]
PIPELINE = [
    dict(type='LoadClipImages'),
    dict(type='ClipRandomFlip'),
    dict(type='ClipRandomResize', short_sizes=[40, 48, 56]),
    dict(type='ClipRandomCrop', min_size=20, max_size=40),
    dict(type='ClipHSV'),
    dict(type='PackClipInputs'),
]


class Recorder(BaseModel):
    """Notes the clips that it is given, and who made them."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.clips, self.workers = [], []

    def forward(self, inputs, worker, mode):
        self.clips += inputs
        self.workers += worker
        return dict(loss=self.weight**2)


def collate(samples):
    """Runs where the clip is made."""
    return dict(
        inputs=[sample['inputs'] for sample in samples],
        worker=[os.getpid()] * len(samples))


def train(work_dir, data_root, num_workers):
    model = Recorder()
    Runner(
        model=model,
        work_dir=str(work_dir),
        default_scope='ipmot_mm',
        experiment_name=f'{work_dir.parent.name}-{num_workers}',
        log_level='ERROR',
        randomness=dict(seed=5),
        train_dataloader=dict(
            batch_size=2,
            num_workers=num_workers,
            persistent_workers=num_workers > 0,
            collate_fn=collate,
            sampler=dict(type='ClipSampler', num_frames=9),
            dataset=dict(
                type='MOTClipDataset',
                data_root=str(data_root),
                dataset_name='toy',
                sequences=['A'],
                pipeline=PIPELINE)),
        train_cfg=dict(by_epoch=True, max_epochs=len(SCHEDULE)),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        custom_hooks=[dict(type='ClipLengthHook',
                           schedule=SCHEDULE)]).train()
    return model


def test_two_workers_train_on_the_clips_of_none(make_sequence, tmp_path):
    data_root = make_sequence('A', NUM_FRAMES).parent
    alone, shared = [
        train(tmp_path / f'work{num_workers}', data_root, num_workers)
        for num_workers in (0, 2)
    ]
    assert [len(clip) for clip in shared.clips
            ] == [2] * NUM_FRAMES + [3] * NUM_FRAMES + [4] * NUM_FRAMES
    assert len(alone.clips) == len(shared.clips)
    assert all(map(torch.equal, alone.clips, shared.clips))
    assert len({clip.shape[1:] for clip in shared.clips}) > 6  # it augments
    assert set(alone.workers) == {os.getpid()}
    assert os.getpid() not in shared.workers
    for epoch in range(len(SCHEDULE)):  # the same two in every epoch
        workers = shared.workers[epoch * NUM_FRAMES:(epoch + 1) * NUM_FRAMES]
        assert set(workers) == set(shared.workers) and len(set(workers)) == 2
