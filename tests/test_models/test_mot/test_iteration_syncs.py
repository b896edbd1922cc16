"""How often a whole training iteration waits for the device."""
import pytest
import torch

from ipmot_mm.benchmark.op_counts import OpCounter
from ipmot_mm.engine.optim import OptimWrapper
from ipmot_mm.registry import MODELS
from ipmot_mm.testing import make_clip, tiny_model_cfg


@pytest.fixture(scope='module')
def trained():
    """A model after one step, and its optimiser."""
    torch.manual_seed(0)
    model = MODELS.build(tiny_model_cfg())
    model.init_weights()
    model.train()
    wrapper = OptimWrapper(
        torch.optim.SGD(model.parameters(), 1e-4),
        clip_grad=dict(max_norm=0.1))
    model.train_step(make_clip(3, num_frames=2), wrapper)
    return model, wrapper


def count(trained, num_frames, num_objects):
    """Syncs and kernels of an iteration on a clip of the data loader."""
    data = make_clip(num_objects, num_frames=num_frames)
    with OpCounter() as counter:
        for frame in data['data_samples'][0].video_data_samples:
            for value in frame.gt_instances.values():
                counter.to_host(value)
        trained[0].train_step(data, trained[1])
    return counter


@pytest.mark.parametrize('num_frames', [1, 3])
def test_once_per_frame_to_match_and_once_to_judge(trained, num_frames):
    counter = count(trained, num_frames, 4)
    assert counter.syncs == num_frames + 1, counter.sync_lines
    by_file = [line.rsplit(':', 1)[0].rsplit('/', 1)[-1]
               for line in counter.sync_lines]
    assert sorted(by_file) == ['non_finite_guard.py', 'packed_transfer.py']


def test_counts_do_not_grow_with_the_objects(trained):
    few, many = (count(trained, 2, number) for number in (2, 9))
    assert few.syncs == many.syncs
    assert few.kernels == many.kernels
