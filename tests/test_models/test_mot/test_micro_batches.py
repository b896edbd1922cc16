"""A batch in parts: what is refused, how it is dealt out, what it gives."""
import pytest
import torch
from mmengine.optim import OptimWrapper

from ipmot_mm.models.mot.micro_batches import gradient_sync, split_clips
from ipmot_mm.registry import MODELS
from ipmot_mm.testing import make_clip, tiny_model_cfg


def trained(**kwargs):
    torch.manual_seed(0)
    model = MODELS.build({**tiny_model_cfg(), **kwargs})
    model.init_weights()
    model.train()
    return model, OptimWrapper(torch.optim.SGD(model.parameters(), 1e-3))


@pytest.mark.parametrize('size', [0, -1, 1.0, '2', True])
def test_sizes_that_are_no_number_of_clips(size):
    with pytest.raises(ValueError, match='model.micro_batch_size must be a '
                       f'whole number of clips from 1 on.*got {size!r}'):
        MODELS.build({**tiny_model_cfg(), 'micro_batch_size': size})


@pytest.mark.parametrize('size, expected', [(None, [5]), (9, [5]), (5, [5]),
                                            (2, [2, 2, 1]), (1, [1] * 5)])
def test_clips_are_dealt_out_in_order(size, expected):
    data = dict(inputs=list('abcde'), data_samples=list(range(5)))
    parts = split_clips(data, size)
    assert [len(part['inputs']) for part in parts] == expected
    for key, values in data.items():
        assert [value for part in parts for value in part[key]] == values


@pytest.mark.parametrize('size', [1, 2])
def test_parts_give_the_losses_and_the_step_of_the_batch(size):
    """The last part has no object and does not use the updater."""
    results = []
    for micro_batch_size in (None, size):
        model, optimizer = trained(micro_batch_size=micro_batch_size)
        log_vars = model.train_step(make_clip(3, 1, 0), optimizer)
        assert not any(value.requires_grad for value in log_vars.values())
        results.append((log_vars, model.state_dict()))
    (expected, weights), (log_vars, parts_weights) = results
    assert log_vars.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(
            log_vars[name], value, atol=1e-4, rtol=1e-4, msg=name)
    for name, value in weights.items():
        torch.testing.assert_close(
            parts_weights[name], value, atol=1e-6, rtol=1e-5, msg=name)


def test_clips_are_padded_by_part_as_ranks_would():
    model, optimizer = trained(micro_batch_size=1)
    seen = []
    encode = model.encode
    model.encode = lambda images, shapes: seen.append(
        tuple(images.shape[-2:])) or encode(images, shapes)
    small, large = make_clip(2, size=(64, 32)), make_clip(2, size=(96, 64))
    model.train_step({key: small[key] + large[key]
                      for key in small}, optimizer)
    assert seen == [(32, 64), (64, 96)]


def test_one_part_lives_at_a_time():
    """A graph is freed before the next one is built."""
    model, optimizer = trained(micro_batch_size=1)
    alive, most = set(), []
    reduce = model.clip_loss.reduce

    def record(*args):
        losses = reduce(*args)
        node = losses['loss_cls'].grad_fn
        alive.add(id(node))
        most.append(len(alive))
        losses['loss_cls'].register_hook(
            lambda grad: alive.discard(id(node)))
        return losses

    model.clip_loss.reduce = record
    model.train_step(make_clip(2, 2, 2), optimizer)
    assert most == [1, 1, 1]


def test_only_the_last_part_synchronises():

    class Wrapper(torch.nn.Module):

        def no_sync(self):
            return 'context'

    assert gradient_sync(Wrapper(), enabled=False) == 'context'
    for model, enabled in ((Wrapper(), True), (torch.nn.Module(), False)):
        with gradient_sync(model, enabled) as value:
            assert value is None


def test_a_wrapper_that_accumulates_is_refused():
    model, optimizer = trained()
    optimizer = OptimWrapper(optimizer.optimizer, accumulative_counts=4)
    with pytest.raises(ValueError, match='accumulative_counts=4; set '
                       'train_dataloader.batch_size to 4 times'):
        model.train_step(make_clip(2), optimizer)
