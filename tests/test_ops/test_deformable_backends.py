"""Which implementation is taken, and that each gets what it expects."""
import sys
from types import ModuleType

import pytest
import torch
from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttnFunction

from ipmot_mm.ops.deformable_attention import (backends, deformable_attention,
                                               multi_scale_deformable_attn,
                                               set_default_backend)
from ipmot_mm.ops.deformable_attention.functional import pair_up

SHAPES = ((5, 7), (3, 2))
CUDA = torch.device('cuda', 0)
FOR = (CUDA, torch.bfloat16, (8, 32), (4, 4))


@pytest.fixture(autouse=True)
def no_choice(monkeypatch):
    monkeypatch.delenv(backends.VARIABLE, raising=False)
    monkeypatch.setattr(backends, '_found', {})
    yield
    set_default_backend(None)


def make_inputs(ref_dims=2, dtype=torch.float32):
    value = torch.randn(2, 41, 3, 4).to(dtype)
    references = torch.rand(2, 11, 2, ref_dims)
    offsets = torch.randn(2, 11, 3, 2, 5, 2).to(dtype)
    logits = torch.randn(2, 11, 3, 2, 5).to(dtype)
    return value, SHAPES, references, offsets, logits


def attend_by_hand(value, shapes, references, offsets, logits):
    """Equation 3, level by level and point by point."""
    weights = logits.double().flatten(3).exp()
    weights = (weights / weights.sum(-1, keepdim=True)).view(logits.shape)
    locations = torch.empty(offsets.shape, dtype=torch.float64)
    for level, (height, width) in enumerate(shapes):
        size = torch.tensor([width, height])
        point = references[:, :, None, level, None].double()
        offset = offsets[:, :, :, level].double()
        if references.size(-1) == 4:
            offset = offset / (2 * 5) * point[..., 2:]
        else:
            offset = offset / size
        locations[:, :, :, level] = point[..., :2] + offset
    return multi_scale_deformable_attn(value.double(), shapes, locations,
                                       weights)


@pytest.mark.parametrize('ref_dims', [2, 4])
def test_torch_follows_the_equation(ref_dims):
    inputs = make_inputs(ref_dims)
    expected = attend_by_hand(*inputs)
    found = deformable_attention(*inputs)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-5)


@pytest.fixture
def calls(monkeypatch):
    """Backends that only note that they were called."""
    seen = []
    for name, backend in list(backends.BACKENDS.items()):
        note = backend._replace(
            attend=lambda *args, name=name: seen.append(name),
            missing=lambda: None,
            refuses=lambda *args: None)
        monkeypatch.setitem(backends.BACKENDS, name, note)
    return seen


def test_argument_before_default_before_environment(calls, monkeypatch):
    monkeypatch.setenv(backends.VARIABLE, 'mmcv')
    deformable_attention(*make_inputs())
    set_default_backend('triton')
    deformable_attention(*make_inputs())
    deformable_attention(*make_inputs(), backend='deformops')
    set_default_backend(None)
    monkeypatch.delenv(backends.VARIABLE)
    deformable_attention(*make_inputs())
    assert calls == ['mmcv', 'triton', 'deformops', 'torch']


def without(monkeypatch, *names):
    for name in names:
        monkeypatch.setitem(
            backends.BACKENDS, name,
            backends.BACKENDS[name]._replace(missing=lambda: 'gone'))
    backends._found.clear()


def test_order_on_a_gpu(calls, monkeypatch):
    monkeypatch.setattr(backends, 'agrees_with_torch', lambda *args: True)
    found = []
    for gone in (), ('deformops', ), ('mmcv', ), ('triton', ):
        without(monkeypatch, *gone)
        found.append(backends._find_on_cuda(*FOR, False))
    assert found == ['deformops', 'mmcv', 'triton', 'torch']


def test_deterministic_order_on_a_gpu(calls, monkeypatch):
    monkeypatch.setattr(backends, 'agrees_with_torch', lambda *args: True)
    assert backends._find_on_cuda(*FOR, True) == 'triton'
    without(monkeypatch, 'triton')
    assert backends._find_on_cuda(*FOR, True) == 'torch'


def test_what_fails_its_test_is_passed_over(calls, monkeypatch):
    tried = []
    monkeypatch.setattr(
        backends, 'agrees_with_torch',
        lambda name, attend, *key: tried.append(key) or name == 'triton')
    assert backends._find_on_cuda(*FOR, False) == 'triton'
    assert backends._find_on_cuda(*FOR, False) == 'triton'
    assert tried == [FOR] * 3


@pytest.mark.parametrize('name', ['mmcv', 'deformops', 'triton'])
def test_what_is_missing_is_named(name, monkeypatch):
    without(monkeypatch, name)
    with pytest.raises(
            ValueError,
            match=rf"backend '{name}' of deformable attention is not "
            r'available: gone; install it with `pip .*auto'):
        deformable_attention(*make_inputs(), backend=name)


def test_what_cannot_run_is_named(monkeypatch):
    backend = backends.BACKENDS['mmcv']
    monkeypatch.setitem(backends.BACKENDS, 'mmcv',
                        backend._replace(missing=lambda: None))
    with pytest.raises(ValueError, match="'mmcv' .*cannot run: values are on"):
        deformable_attention(*make_inputs(), backend='mmcv')
    for dtype, dims, match in ((torch.float64, 32, 'values are float64'),
                               (torch.float32, 5, '5 dims per head')):
        assert match in backends._refused_by_triton(CUDA, dtype, dims)


def test_unknown_names_are_refused(monkeypatch):
    with pytest.raises(ValueError, match='must be one of auto, .*cuda'):
        set_default_backend('cuda')
    monkeypatch.setenv(backends.VARIABLE, 'fast')
    with pytest.raises(ValueError, match=f"{backends.VARIABLE}, .*'fast'"):
        deformable_attention(*make_inputs())


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float32])
def test_deformops_gets_raw_logits(monkeypatch, dtype):
    """A module of its name, with the contract of its documentation."""
    seen = {}

    def msda(value, shapes, starts, locations, weights, /, *, method):
        seen.update(method=method, dtype=weights.dtype, shape=weights.shape)
        assert starts.tolist() == [0, 35] and shapes.dtype == torch.int64
        weights = weights.softmax(-1).view(locations.shape[:-1])
        return multi_scale_deformable_attn(value, pair_up(
            shapes.flatten().tolist()), locations, weights)

    registry = ModuleType('deformops.registry')
    registry.msda = msda
    monkeypatch.setitem(sys.modules, 'deformops', ModuleType('deformops'))
    monkeypatch.setitem(sys.modules, 'deformops.registry', registry)
    inputs = make_inputs(4, dtype)
    found = backends.attend_deformops(*inputs)
    assert seen == dict(method='softmax', dtype=dtype, shape=(2, 11, 3, 10))
    torch.testing.assert_close(
        found, backends.attend_torch(*inputs), rtol=0.02, atol=0.02)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_mmcv_gets_float32(monkeypatch, dtype):
    """On the stand-in of its compiled op."""
    seen = []
    apply = MultiScaleDeformableAttnFunction.apply

    def spy(value, shapes, starts, locations, weights, step):
        seen.extend((value.dtype, locations.dtype, weights.dtype))
        assert starts.tolist() == [0, 35]
        return apply(value, shapes, starts, locations, weights, step)

    monkeypatch.setattr(MultiScaleDeformableAttnFunction, 'apply', spy)
    inputs = make_inputs(4, dtype)
    found = backends.attend_mmcv(*inputs)
    assert seen == [torch.float32] * 3 and found.dtype == dtype
    assert torch.equal(found, backends.attend_torch(*inputs))


@pytest.mark.parametrize('backend', ['torch', 'triton'])
def test_is_traced_in_one_graph(triton_op, kernel_device, backend):
    inputs = [
        x.to(kernel_device) if torch.is_tensor(x) else x
        for x in make_inputs(4)
    ]
    backends.choose_while_compiling()
    compiled = torch.compile(
        deformable_attention, backend='eager', fullgraph=True)
    torch.testing.assert_close(
        compiled(*inputs, backend), deformable_attention(*inputs, backend))


def test_runs_without_data():
    """What the meta device computes has no transfer from or to a host."""
    inputs = [
        x.to('meta') if torch.is_tensor(x) else x for x in make_inputs(2)
    ]
    assert deformable_attention(*inputs).shape == (2, 11, 12)
    shapes, starts = backends._shape_tensors(SHAPES, inputs[0])
    assert shapes.is_meta and starts.is_meta
