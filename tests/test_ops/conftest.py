"""Without a GPU the Triton kernels run in Triton's interpreter.

Triton reads the variable when a file of kernels is imported, which is later
than this one.
"""
import os

import pytest
import torch

if not torch.cuda.is_available():
    os.environ['TRITON_INTERPRET'] = '1'


@pytest.fixture
def triton_op():
    """The operators, on whose :func:`kernel_device` the kernels run."""
    pytest.importorskip('triton', reason='triton is not installed')
    from ipmot_mm.ops.deformable_attention import triton_op
    return triton_op


@pytest.fixture
def kernel_device():
    return torch.device('cuda' if torch.cuda.is_available() else 'cpu')
