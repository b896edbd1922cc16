"""The smallest project: a running mean as query updater."""
import pytest
import torch

from ipmot_mm.registry import MODELS
from ipmot_mm.testing import make_clip, make_tracks, tiny_model_cfg
from projects.example_project.example_project import SmoothUpdater


@pytest.mark.parametrize('momentum', [0.0, 0.25, 1.0])
def test_content_is_a_running_mean(momentum):
    updater, tracks = SmoothUpdater(momentum=momentum), make_tracks([4, 7])
    hidden = torch.randn(1, 2, 8)
    found = updater.interact(tracks, hidden)
    expected = momentum * tracks.content + (1 - momentum) * hidden
    torch.testing.assert_close(found.content, expected)
    assert torch.equal(found.anchors, tracks.anchors)


def test_a_model_trains_with_it():
    cfg = tiny_model_cfg()
    cfg.updater = dict(type='SmoothUpdater', update_score_thr=0.0)
    model = MODELS.build(cfg)
    model.init_weights()
    data = model.data_preprocessor(make_clip(2, num_frames=3), True)
    losses = model(**data, mode='loss')
    assert losses['loss_cls'].isfinite() and losses['loss_cls'] > 0
