"""Many arrays in one copy, bit for bit."""
import numpy as np
import pytest
import torch

from ipmot_mm.benchmark.op_counts import OpCounter
from ipmot_mm.structures.packed_transfer import to_device, to_host

ARRAYS = (np.array([True, False, True]), np.arange(5) - 2**60,
          np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32),
          np.zeros((3, 0, 2)), np.array(7.5), np.arange(3, dtype=np.int32))


def test_arrays_arrive_as_they_are():
    arrays = [*ARRAYS, ARRAYS[2].swapaxes(0, 2), np.array([np.nan, -np.inf])]
    tensors = to_device(arrays, 'cpu')
    for array, tensor in zip(arrays, tensors):
        assert tensor.numpy().dtype == array.dtype
        np.testing.assert_array_equal(tensor.numpy(), array)


def test_tensors_come_back_as_they_are():
    tensors = [torch.from_numpy(array) for array in ARRAYS]
    tensors.append(tensors[2].transpose(0, 2).requires_grad_())
    for array, tensor in zip(to_host(tensors), tensors):
        assert array.shape == tuple(tensor.shape)
        np.testing.assert_array_equal(array, tensor.detach().numpy())


def test_bfloat16_comes_back_as_float32():
    numbers = torch.randn(5).bfloat16()
    (array, ) = to_host([numbers])
    assert array.dtype == np.float32
    assert array.tolist() == numbers.tolist()


@pytest.mark.parametrize('num', [1, 20])
def test_one_copy_each_way(num):
    arrays = [np.arange(n + 1) for n in range(num)]
    with OpCounter() as counter:
        tensors = to_device(arrays, torch.device('cpu'))
        to_host(tensors)
    assert (counter.uploads, counter.syncs, counter.kernels) == (1, 1, 1)


def test_copies_where_a_device_holds_no_values():
    tensors = to_device(ARRAYS, 'meta')
    assert [tuple(t.shape) for t in tensors] == [a.shape for a in ARRAYS]
    assert all(tensor.is_meta for tensor in tensors)
