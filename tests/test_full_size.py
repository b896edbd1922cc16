"""The full-size leaf of MOT17 learns from real frames, on a CPU."""
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

LEAF = (
    Path(__file__).parents[1] /
    'configs/ipmot/ipmot_dab_r50_8xb1-120e_mot17-crowdhuman.py')
NUM_LAYERS = 6
NUM_ALIGNED = 5


def full_size_cfg(shared_data: Path, work_dir: Path) -> Config:
    """The leaf on the real frames at hand, CLIP with random weights."""
    cfg = Config.fromfile(LEAF)
    cfg.work_dir = str(work_dir)
    cfg.log_level = 'ERROR'
    cfg.train_dataloader.num_workers = 0
    cfg.train_dataloader.persistent_workers = False
    cfg.train_dataloader.dataset = dict(
        type='MOTClipDataset',
        data_root=str(shared_data / 'MOT17-mini' / 'train'),
        dataset_name='mot17',
        pipeline=cfg.train_pipeline)
    cfg.model.track_book.clip.pretrained = None
    cfg.model.track_book.max_crops = 8
    return cfg


def expected_keys() -> set:
    """Documented names of the logged losses."""
    names = {'loss', 'loss_dedup', 'loss_i2t', 'loss_t2i', 'track_book_loss'}
    for layer in range(NUM_LAYERS):
        prefix = '' if layer == NUM_LAYERS - 1 else f'd{layer}.'
        names |= {f'{prefix}loss_{n}' for n in ('cls', 'bbox', 'iou')}
        if layer >= NUM_LAYERS - NUM_ALIGNED:
            names |= {f'{prefix}loss_{n}' for n in ('triplet', 'i2tce')}
    return names


@pytest.mark.slow
def test_one_iteration_on_two_real_frames(shared_data: Path,
                                          tmp_path: Path) -> None:
    runner = Runner.from_cfg(full_size_cfg(shared_data, tmp_path))
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.call_hook('before_run')
    runner._init_model_weights()
    model = runner.model.train()
    before = model.detector.decoder.layers[5].norms[2].weight.clone()
    data = next(iter(runner.train_dataloader))
    assert data['inputs'][0].shape[0] == 2

    log_vars = model.train_step(data, runner.optim_wrapper)

    assert set(log_vars) == expected_keys()
    values = torch.tensor([float(value) for value in log_vars.values()])
    assert values.isfinite().all(), log_vars
    after = model.detector.decoder.layers[5].norms[2].weight
    assert not torch.equal(before, after)
