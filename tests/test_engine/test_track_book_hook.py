"""The rows exist before a checkpoint is loaded, on the right object."""
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.model import BaseModel
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import Dataset

from ipmot_mm.engine.hooks import TrackBookHook
from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


class Identities(Dataset):
    """Two persons and one empty clip."""
    identity_map = IdentityMap.from_keys([('d', 'v', 1), ('d', 'v', 4)])

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return 0


class BookOnly(BaseModel):
    """A model that trains nothing but its TrackBook."""

    def __init__(self, with_track_book=True):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.track_book = TrackBookHead(
            clip=dict(model_cfg=tiny_clip_cfg())) if with_track_book else None

    def forward(self, inputs, mode='loss'):
        if self.track_book is None:
            return dict(loss=self.weight.sum())
        return self.track_book.loss(torch.ones(1, 64), torch.tensor([1]))


def run(model, work_dir, hooks=(), **kwargs):
    """One training iteration in mmengine's own runner."""
    runner = Runner(
        model=model,
        work_dir=str(work_dir),
        train_dataloader=dict(
            batch_size=1,
            num_workers=0,
            dataset=Identities(),
            sampler=dict(type='DefaultSampler', shuffle=False)),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(
            optimizer=dict(type='ipmot_mm.RowwiseAdamW', lr=0.1)),
        custom_hooks=[*hooks, dict(type='ipmot_mm.TrackBookHook')],
        default_hooks=dict(logger=None),
        experiment_name=f'track_book_{id(model)}',
        **kwargs)
    runner.train()
    return runner


def test_rows_are_trained_saved_and_loaded(tmp_path):
    first = BookOnly()
    tokens = first.track_book.tokens
    run(first, tmp_path)
    assert first.track_book.tokens is tokens and len(tokens) == 2
    saved = torch.load(tmp_path / 'epoch_1.pth', weights_only=False)
    assert set(saved['state_dict']) == {
        'weight', 'track_book.tokens', 'track_book.identity_keys'
    }
    second = BookOnly()
    run(second, tmp_path / 'again', load_from=str(tmp_path / 'epoch_1.pth'))
    # Row 0 is in no clip: what was loaded stayed.
    assert torch.equal(second.track_book.tokens[0], tokens[0])
    assert (second.track_book.tokens[1] != tokens[1]).any()


def test_averaged_copy_has_the_rows(tmp_path):
    """EMAHook copies the model in before_run, too."""
    average = EMAHook()
    model = BookOnly()
    run(model, tmp_path, hooks=[average])
    copied = average.ema_model.module.track_book
    assert copied.tokens.shape == model.track_book.tokens.shape
    assert copied.frozen_clip is model.track_book.frozen_clip


def fake_runner(model, dataset=None):
    loop = BaseLoop.__new__(type('Loop', (BaseLoop, ), dict(run=None)))
    loop.dataloader = SimpleNamespace(dataset=dataset)
    return SimpleNamespace(
        model=model,
        _train_loop=loop,
        logger=SimpleNamespace(info=lambda text: None))


def test_wrapped_data_set_and_model():
    model = BookOnly()
    wrapped = SimpleNamespace(dataset=SimpleNamespace(dataset=Identities()))
    TrackBookHook().before_run(fake_runner(model, wrapped))
    assert model.track_book.identity_map == Identities.identity_map


def test_nothing_happens_without_track_book_or_training():
    TrackBookHook().before_run(fake_runner(BookOnly(False)))
    model = BookOnly()
    runner = fake_runner(model)
    runner._train_loop = dict(by_epoch=True)  # a test-only run
    TrackBookHook().before_run(runner)
    assert len(model.track_book.tokens) == 0


def test_data_set_without_identities_is_named():
    with pytest.raises(ValueError, match='SimpleNamespace has no "id'):
        TrackBookHook().before_run(
            fake_runner(BookOnly(), SimpleNamespace(dataset=None)))
