"""The Triton kernels against float64, in the interpreter or on a GPU."""
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from ipmot_mm.ops.deformable_attention.backends import (attend_torch,
                                                        attend_triton)
from ipmot_mm.ops.deformable_attention.ordered_sums import value_gradient

# frames, heads, dims, queries, points, reference dims, (h, w) of the levels.
# Queries are no multiple of a tile, offsets reach out of the frame.
CASES = {
    'boxes': (1, 2, 16, 67, 2, 4, ((13, 17), (1, 1))),
    'points': (1, 1, 32, 33, 4, 2, ((7, 9), (4, 5))),
    'one level': (1, 1, 64, 17, 3, 2, ((5, 3), )),
    'odd points': (2, 1, 12, 5, 5, 4, ((3, 2), (1, 7))),
}
LIMITS = {torch.float32: 1e-5, torch.bfloat16: 1e-2, torch.float16: 2e-3}
NAMES = ('output', 'value', 'references', 'offsets', 'logits')


def make_inputs(case, dtype, device):
    batch_size, heads, dims, queries, points, ref_dims, shapes = CASES[case]
    generator = torch.Generator().manual_seed(3)
    sizes = ((batch_size, sum(h * w for h, w in shapes), heads, dims),
             (batch_size, queries, len(shapes), ref_dims),
             (batch_size, queries, heads, len(shapes), points, 2),
             (batch_size, queries, heads, len(shapes), points))
    value, references, offsets, logits = [
        torch.randn(size, generator=generator) for size in sizes
    ]
    inputs = [
        value.to(dtype),
        references.sigmoid(), (3 * offsets).to(dtype),
        logits.to(dtype)
    ]
    return [tensor.to(device) for tensor in inputs], shapes


def output_and_grads(attend, inputs, shapes, wanted=(0, 1, 2, 3)):
    inputs = [
        tensor.detach().requires_grad_(i in wanted)
        for i, tensor in enumerate(inputs)
    ]
    output = attend(inputs[0], shapes, *inputs[1:])
    torch.manual_seed(5)
    upstream = torch.randn(output.shape).to(output)
    grads = torch.autograd.grad(output, [inputs[i] for i in wanted], upstream)
    return [output.detach(), *grads]


def assert_close_to_double(inputs, shapes, dtype):
    results = output_and_grads(attend_triton, inputs, shapes)
    exact = output_and_grads(attend_torch, [x.double() for x in inputs],
                             shapes)
    for name, found, wanted, like in zip(NAMES, results, exact,
                                         [inputs[0], *inputs]):
        assert found.dtype == like.dtype and wanted.norm() > 0, name
        error = (found.double() - wanted).norm() / wanted.norm()
        assert error <= LIMITS[dtype], (name, error.item())
    return results


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
@pytest.mark.parametrize('case', CASES)
def test_equals_float64(triton_op, kernel_device, case, dtype):
    inputs, shapes = make_inputs(case, dtype, kernel_device)
    assert_close_to_double(inputs, shapes, dtype)


def test_half_precision(triton_op, kernel_device):
    inputs, shapes = make_inputs('odd points', torch.float16, kernel_device)
    assert_close_to_double(inputs, shapes, torch.float16)


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
@pytest.mark.parametrize('start', [0, 3, 4])
def test_slice_of_the_values_of_all_layers(triton_op, kernel_device, dtype,
                                           start):
    """With ``start`` odd, pairs of bfloat16 do not start on 32 bits."""
    inputs, shapes = make_inputs('one level', dtype, kernel_device)
    everything = torch.randn(1, 15, 3 * 64 + start).to(inputs[0])
    strided = everything[:, :, start:start + 64].unflatten(-1, (1, 64))
    plain = output_and_grads(attend_triton, [strided.clone(), *inputs[1:]],
                             shapes)
    found = output_and_grads(attend_triton, [strided, *inputs[1:]], shapes)
    for first, second in zip(plain, found):
        torch.testing.assert_close(first, second)
    packed = dtype == torch.bfloat16 and start != 3
    assert triton_op._is_packed(strided) is packed


def test_64_bit_offsets_change_nothing(triton_op, kernel_device, monkeypatch):
    inputs, shapes = make_inputs('one level', torch.float32, kernel_device)
    narrow = output_and_grads(attend_triton, inputs, shapes)
    monkeypatch.setattr(triton_op, 'has_wide_rows', lambda value: True)
    for first, second in zip(
            narrow, output_and_grads(attend_triton, inputs, shapes)):
        torch.testing.assert_close(first, second)


def test_64_bit_offsets_are_taken_where_32_overflow(triton_op):
    huge = torch.empty(1, 2**23, 8, 32, device='meta', dtype=torch.bfloat16)
    assert triton_op.has_wide_rows(huge)
    assert not triton_op.has_wide_rows(huge[:, :-1])
    # many frames are no reason: each has a 64-bit start
    assert not triton_op.has_wide_rows(huge.view(64, -1, 8, 32))
    six_layers = torch.empty(1, 2**21, 6, 8, 32, device='meta')[:, :, 0]
    assert triton_op.has_wide_rows(six_layers)


def test_deterministic_mode(triton_op, kernel_device):
    inputs, shapes = make_inputs('one level', torch.float32, kernel_device)
    torch.use_deterministic_algorithms(True)
    try:
        first = assert_close_to_double(inputs, shapes, torch.float32)
        second = output_and_grads(attend_triton, inputs, shapes)
    finally:
        torch.use_deterministic_algorithms(False)
    for one, other in zip(first, second):
        assert torch.equal(one, other)


def test_a_nan_breaks_no_index_of_ordered_sums():
    """The guard against what is not finite comes later."""
    inputs, shapes = make_inputs('one level', torch.float32, 'cpu')
    inputs[2][0, 3] = torch.nan
    grad = torch.ones(1, inputs[1].size(1), 64)
    sizes = [size for shape in shapes for size in shape]
    broken = value_gradient(grad, *inputs, sizes)
    grad[0, 3] = 0
    inputs[2][0, 3] = 0
    torch.testing.assert_close(broken, value_gradient(grad, *inputs, sizes))


def test_only_what_is_asked_for(triton_op, kernel_device):
    inputs, shapes = make_inputs('one level', torch.bfloat16, kernel_device)
    everything = output_and_grads(attend_triton, inputs, shapes)
    output, offsets, logits = output_and_grads(attend_triton, inputs, shapes,
                                               (2, 3))
    assert torch.equal(output, everything[0])
    assert torch.equal(offsets, everything[3])
    assert torch.equal(logits, everything[4])


@pytest.mark.parametrize('distance', [1e4, 1e30, float('inf')])
def test_far_outside_is_zero(triton_op, kernel_device, distance):
    inputs, shapes = make_inputs('one level', torch.float32, kernel_device)
    inputs[2] = torch.full_like(inputs[2], distance)
    for found in output_and_grads(attend_triton, inputs, shapes)[:4]:
        assert torch.equal(found, torch.zeros_like(found))


def test_no_query(triton_op, kernel_device):
    inputs, shapes = make_inputs('points', torch.float32, kernel_device)
    inputs[1:] = [tensor[:, :0] for tensor in inputs[1:]]
    output, grad, *_ = output_and_grads(attend_triton, inputs, shapes)
    assert output.shape == (1, 0, 32)
    assert torch.equal(grad, torch.zeros_like(inputs[0]))


def test_fake_tensors(triton_op):
    """What torch.compile and estimates of memory run on."""
    with FakeTensorMode():
        inputs, shapes = make_inputs('boxes', torch.bfloat16, 'cpu')
        output, *grads = output_and_grads(attend_triton, inputs, shapes)
    assert output.shape == (1, 67, 32) and output.dtype == torch.bfloat16
    for grad, tensor in zip(grads, inputs):
        assert grad.shape == tensor.shape and grad.dtype == tensor.dtype


def test_registration(triton_op, kernel_device):
    inputs, shapes = make_inputs('one level', torch.float32, kernel_device)
    sizes = [size for shape in shapes for size in shape]
    checks = ('test_schema', 'test_autograd_registration', 'test_faketensor')
    torch.library.opcheck(
        triton_op.attend,
        (*[tensor.requires_grad_() for tensor in inputs], sizes),
        test_utils=checks)


@pytest.mark.gpu
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_equals_float64_at_the_size_of_an_encoder(triton_op, dtype,
                                                  monkeypatch):
    if not torch.cuda.is_available():
        pytest.skip('needs a CUDA device')
    monkeypatch.setitem(CASES, 'encoder', (2, 8, 32, 6373, 4, 2, (
        (50, 96), (25, 48), (13, 24), (7, 12))))
    inputs, shapes = make_inputs('encoder', dtype, 'cuda')
    assert_close_to_double(inputs, shapes, dtype)
