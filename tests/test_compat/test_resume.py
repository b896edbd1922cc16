"""A checkpoint that mmengine's Runner writes is resumed by a Runner."""
import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import DataLoader


class LineModel(BaseModel):
    """One weight, fitted to twice its input."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, inputs, mode='tensor'):
        inputs = torch.as_tensor(inputs).float().view(-1, 1)
        return dict(loss=(self.layer(inputs) - 2 * inputs).square().mean())


def run(work_dir, max_epochs, name, **kwargs):
    runner = Runner(
        LineModel(),
        str(work_dir),
        train_dataloader=DataLoader(
            [torch.tensor(float(value)) for value in range(6)],
            batch_size=2,
            collate_fn=lambda batch: dict(inputs=torch.stack(batch))),
        train_cfg=dict(by_epoch=True, max_epochs=max_epochs),
        optim_wrapper=dict(optimizer=dict(type='AdamW', lr=0.01)),
        param_scheduler=dict(type='MultiStepLR', milestones=[1], gamma=0.1),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
        log_level='ERROR',
        experiment_name=name,
        **kwargs)
    runner.train()
    return runner


@pytest.mark.parametrize('find_latest', [False, True])
def test_resumed_run_equals_a_straight_one(tmp_path, find_latest):
    straight = run(tmp_path / 'a', 2, f'straight-{find_latest}')
    source = tmp_path / 'a' / 'epoch_1.pth'
    if find_latest:
        (tmp_path / 'b').mkdir()
        (tmp_path / 'b' / 'last_checkpoint').write_text(str(source))
    resumed = run(
        tmp_path / 'b',
        2,
        f'resumed-{find_latest}',
        resume=True,
        load_from=None if find_latest else str(source))
    assert resumed.iter == straight.iter == 6
    torch.testing.assert_close(resumed.model.state_dict(),
                               straight.model.state_dict())
    history = resumed.message_hub.get_scalar('train/loss')
    assert len(history.data[0]) == 6
    assert resumed.optim_wrapper.get_lr()['lr'] == [pytest.approx(0.001)]
