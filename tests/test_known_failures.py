"""Failures from outside, told from bugs that only mention them."""
import errno

import cv2
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from ipmot_mm.known_failures import find_failure

GLOO = '[/pytorch/third_party/gloo/gloo/transport/tcp/'


@pytest.mark.parametrize('error, line', [
    (torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB.'),
     'the GPU has no memory left; docs/configs.md, "Less memory"'),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
     'the machine has no memory left'),
    (RuntimeError('DataLoader worker (pid 7) is killed by signal: Bus error. '
                  "It is possible that dataloader's workers are out of shared "
                  'memory. Please try to raise your shared memory limit.'),
     'the workers of the data loader have no shared memory left'),
    (RuntimeError('unable to write to file </torch_7_1_0>: No space left on '
                  'device (28)'),
     'the workers of the data loader have no shared memory left'),
    (RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed.'),
     'a worker of the data loader died'),
    (RuntimeError('DataLoader worker (pid(s) 7) exited unexpectedly'),
     'a worker of the data loader died'),
    (OSError(errno.ENOSPC, 'No space left on device', 'a.log'),
     'the disk is full; make room, then go on with --resume'),
    (OSError(errno.EMFILE, 'Too many open files', 'a.jpg'),
     'too many files are open; raise the limit with "ulimit -n 65536"'),
    (torch.distributed.DistNetworkError(
        'The server socket has failed to listen on any local network address. '
        'port: 29500, name: EADDRINUSE, message: address already in use'),
     'another job uses the port; choose one with PORT=29501'),
    (torch.distributed.DistStoreError('Timed out after 61 seconds waiting for '
                                      'clients. 1/2 clients joined.'),
     'not all processes came together'),
    (OSError(errno.EIO, 'Input/output error', 'a.jpg'),
     'a drive fails or cannot be reached'),
    (MemoryError(), 'the machine has no memory left'),
    (cv2.error('OpenCV(4.8) alloc.cpp:73: error: (-4:Insufficient memory) '
               "Failed to allocate 9 bytes in function 'OutOfMemoryError'"),
     'the machine has no memory left'),
    (RuntimeError(f'{GLOO}unbound_buffer.cc:78] Timed out waiting 4000ms for '
                  'recv operation to complete'),
     'waited for another process longer than env_cfg.dist_cfg.timeout'),
])
def test_each_has_its_line(error, line):
    failure = find_failure(error)
    assert failure.line.startswith(line) and not failure.is_of_peer
    assert str(error) in failure.line and '\n' not in failure.line


@pytest.mark.parametrize('error', [
    RuntimeError(f'{GLOO}pair.cc:553] Connection closed by peer [::1]:41893.'),
    torch.distributed.DistBackendError('NCCL error: remote process exited'),
    RuntimeError('scoring failed on the first rank: ValueError: no frame')
])
def test_of_another_process(error):
    failure = find_failure(error)
    assert failure.is_of_peer
    assert failure.line.startswith('another process of the group has failed')


@pytest.mark.parametrize('error', [
    RuntimeError('mat1 and mat2 shapes cannot be multiplied'),
    KeyError('a'),
    OSError(errno.EACCES, 'Permission denied'),
    OSError(errno.EPIPE, 'Broken pipe'),
    AssertionError(),
    # words of a failure in another error
    KeyError('MemoryError: OutOfMemoryError'),
    ValueError('CUDA out of memory'),
    RuntimeError('state "EADDRINUSE: Connection closed" is unknown'),
    RuntimeError('Timed out waiting for the decoder'),
    AttributeError("module has no attribute 'OSError: [Errno 28]'"),
])
def test_of_any_other_error_nothing_is_known(error):
    assert find_failure(error) is None


class FullDrive(Dataset):
    """Clip 0 meets a full disk, clip 1 a bug."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        if index == 0:
            raise OSError(errno.ENOSPC, 'No space left on device')
        raise KeyError('OSError: [Errno 28]')


@pytest.mark.parametrize('clip, line', [
    (0, 'the disk is full; make room, then go on with --resume (OSError: '
     '[Errno 28] No space left on device)'), (1, None)])
def test_in_a_worker(clip, line):
    batches = iter(DataLoader(FullDrive(), sampler=[clip], num_workers=1))
    with pytest.raises((OSError, KeyError)) as caught:
        next(batches)
    batches._shutdown_workers()  # the garbage collector takes 5 s
    failure = find_failure(caught.value)
    assert (failure and failure.line) == line
