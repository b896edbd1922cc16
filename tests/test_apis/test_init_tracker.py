"""Building a tracker, and what is said when it cannot be built."""
import pytest
import torch
from mmengine.config import Config
from stream_samples import random_tracker, stream
from torch import nn

from ipmot_mm.apis import FrameTracker, init_tracker


def save(path, state_dict) -> str:
    torch.save(dict(state_dict=state_dict, meta={}), path)
    return str(path)


def test_builds_from_a_file_without_a_default_scope(tmp_path, cfg):
    path = tmp_path / 'cfg.py'
    cfg.dump(path)
    model = init_tracker(str(path), cfg_options={'model.width': 5})
    assert not model.training and model.layer.in_features == 5
    assert model.cfg.model.width == 5
    assert 'width' not in cfg.model


def test_loads_all_weights_and_ignores_the_track_book(tmp_path, cfg):
    weights = {k: v + 1 for k, v in init_tracker(cfg).state_dict().items()}
    path = save(tmp_path / 'a.pth', {**weights,
                                     'track_book.tokens': torch.ones(3)})
    model = init_tracker(cfg, path)
    for key, value in model.state_dict().items():
        assert torch.equal(value, weights[key])


def test_another_layout_is_told(tmp_path, cfg):
    weights = init_tracker(cfg).state_dict()
    cases = [
        ({'layer.bias': weights['layer.bias']},
         r"a.pth' does not fit .*1 missing \(layer.weight\)"),
        ({**weights, 'extra.weight': torch.ones(1)},
         r'1 unexpected \(extra.weight\)'),
        ({**weights, 'layer.weight': torch.ones(3, 7)},
         r'1 of another shape \(layer.weight \(3, 7\) for \(3, 2\)\)'),
    ]
    for state_dict, text in cases:
        with pytest.raises(ValueError, match=text):
            init_tracker(cfg, save(tmp_path / 'a.pth', state_dict))


def test_broken_input_is_told(tmp_path, cfg):
    broken = tmp_path / 'broken.pth'
    broken.write_bytes(b'no checkpoint')
    with pytest.raises(ValueError, match='checkpoint.*broken.pth'):
        init_tracker(cfg, broken)
    for content in ([1], dict(state_dict=None)):
        torch.save(content, broken)
        with pytest.raises(ValueError, match='not a dict of weights; pass'):
            init_tracker(cfg, broken)
    with pytest.raises(FileNotFoundError, match="'none.pth' does not exist"):
        init_tracker(cfg, 'none.pth')
    with pytest.raises(FileNotFoundError, match="'none.py' does not exist"):
        init_tracker('none.py')
    with pytest.raises(TypeError, match='a path or a Config, got dict'):
        init_tracker({})
    with pytest.raises(ValueError, match='has no key model'):
        init_tracker(Config(dict(a=1)))
    with pytest.raises(ValueError, match="device 'toaster' cannot be used"):
        init_tracker(cfg, device='toaster')


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_weights_that_are_not_finite_are_refused(tmp_path, cfg, value):
    weights = init_tracker(cfg).state_dict()
    weights['track_book.mask'] = torch.full((2, ), value)  # not the tracker's
    path = save(tmp_path / 'a.pth', weights)
    init_tracker(cfg, path)
    weights['layer.bias'][1] = value
    with pytest.raises(ValueError, match=(
            "a.pth' holds NaN or infinity in 1 weights, such as layer.bias")):
        init_tracker(cfg, save(tmp_path / 'a.pth', weights))


def test_norms_are_fused_after_the_weights_are_there(tmp_path):
    """The tracks are the same, without any norm in the backbone."""
    model = random_tracker()
    norms = [
        module for module in model.detector.backbone.modules()
        if isinstance(module, nn.BatchNorm2d)
    ]
    for norm in norms:
        nn.init.uniform_(norm.running_mean, -0.1, 0.1)
        nn.init.uniform_(norm.running_var, 0.5, 1.5)
    path = save(tmp_path / 'a.pth', model.state_dict())
    fused = init_tracker(model.cfg, path, fuse_conv_bn=True)
    assert len(norms) == 20 and not any(
        isinstance(module, nn.BatchNorm2d)
        for module in fused.detector.backbone.modules())
    expected, found = (
        FrameTracker(each).update_clip(list(stream(0)))
        for each in (model, fused))
    assert sum(map(len, expected)) > 8
    for ours, theirs in zip(found, expected):
        assert ours.instances_id.tolist() == theirs.instances_id.tolist()
        torch.testing.assert_close(
            ours.bboxes, theirs.bboxes, atol=1e-2, rtol=1e-3)


def test_norms_of_other_models_are_not_fused(cfg):
    with pytest.raises(ValueError, match='fuse_conv_bn needs a model with a '
                       'QueryDetector .* got BrightSpotTracker with NoneType'):
        init_tracker(cfg, fuse_conv_bn=True)
