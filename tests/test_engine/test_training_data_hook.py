"""Checkpoints tell their data; another training is not gone on with."""
from pathlib import Path

import pytest
import torch
from line_training import LineModel, make_cfg, make_runner
from mmengine.config import Config
from mmengine.runner import Runner

from ipmot_mm.engine.hooks import CheckpointLayoutHook
from ipmot_mm.models.track_book import TrackBookHead
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


@MODELS.register_module()
class LineBook(LineModel):
    """With a TrackBook beside the weight, which is not trained."""

    def __init__(self, ids):
        super().__init__()
        self.track_book = TrackBookHead(clip=dict(model_cfg=tiny_clip_cfg()))
        self.track_book.set_identity_map(
            IdentityMap.from_keys(('lines', 'v1', i) for i in ids))


def saved_by(work_dir, **extra):
    make_runner(work_dir, 1, extra=extra).train()
    return str(work_dir / 'epoch_1.pth')


def resume(work_dir, source, resume=True, **extra):
    """As the command does, which compares the layout as well."""
    extra = dict(extra, resume=resume, load_from=source)
    runner = make_runner(work_dir, 2, extra=extra)
    runner.register_hook(
        CheckpointLayoutHook(require_all=resume), priority='VERY_HIGH')
    runner.train()


def loader(work_dir, **dataset):
    cfg = make_cfg(work_dir)['train_dataloader']
    cfg['dataset'].update(dataset)
    return dict(train_dataloader=cfg)


def test_description_loads_without_code(tmp_path):
    meta = torch.load(saved_by(tmp_path), weights_only=True)['meta']
    assert meta['training_data'] == dict(
        classes=['line'],
        videos=dict(lines=dict(v1=[4, 9, 2], v2=[2, 3, 1])),
        sampler={})
    resume(tmp_path, str(tmp_path / 'epoch_1.pth'))


def test_other_data_is_refused_with_the_difference(tmp_path):
    source = saved_by(tmp_path)
    with pytest.raises(
            ValueError,
            match=r'resume: .*epoch_1.pth was trained on other data: in '
            r'"lines" videos changed: v1 \(4 frames before, 5 now\), v2 .*'
            r'start a new training from its weights with load_from$'):
        resume(tmp_path, source, **loader(tmp_path, length=5))


def test_weights_may_come_from_any_data(tmp_path):
    source = saved_by(tmp_path)
    resume(tmp_path, source, resume=False, **loader(tmp_path, length=5))


def test_old_checkpoint_is_accepted(tmp_path):
    source = saved_by(tmp_path)
    checkpoint = torch.load(source, weights_only=True)
    del checkpoint['meta']['training_data']
    torch.save(checkpoint, source)
    resume(tmp_path, source, **loader(tmp_path, length=5))


def test_identities_are_named_rather_than_a_shape(tmp_path):
    source = saved_by(
        tmp_path, model=dict(type='ipmot_mm.LineBook', ids=[1, 2, 3]))
    with pytest.raises(
            ValueError,
            match='other data: the TrackBook has 1 identities only in the '
            r"data, such as \('lines', 'v1', 9\); 2 identities only in the "
            r"checkpoint, such as \('lines', 'v1', 2\)\. .*load_from, after "
            'tools/model_converters/publish_model.py --plain'):
        resume(
            tmp_path, source, model=dict(type='ipmot_mm.LineBook', ids=[1, 9]))


def test_other_sampler_is_a_warning(tmp_path):
    cfg = Config(make_cfg(tmp_path, 1))
    Runner.from_cfg(cfg).train()
    cfg.train_cfg.max_epochs = 2
    cfg.train_dataloader.sampler = dict(
        type='DefaultSampler', round_up=False, seed=5)
    cfg.update(
        resume=True,
        load_from=str(tmp_path / 'epoch_1.pth'),
        experiment_name='other_sampler')
    runner = Runner.from_cfg(cfg)
    runner.train()
    text = Path(runner.log_dir, f'{runner.timestamp}.log').read_text()
    assert ('resume: train_dataloader.sampler differs: round_up was not set, '
            'now False; shuffle was False, now not set. The run') in text
