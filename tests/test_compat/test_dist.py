"""Starting processes on a machine without GPU."""
import os
import subprocess
import sys
from types import SimpleNamespace
from unittest import mock

import pytest
import torch

from ipmot_mm.compat import dist

WORKER = '''
import ipmot_mm, torch
from mmengine.dist import all_reduce, get_rank, init_dist
from mmengine.model import BaseModel, MMDistributedDataParallel

class Model(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
    def forward(self, x):
        return self.layer(x)

init_dist('pytorch', backend='nccl', timeout=60)
model = MMDistributedDataParallel(Model(), device_ids=[0])
model(torch.full((1, 2), get_rank() + 1.)).sum().backward()
print(model.module.layer.weight.grad.tolist(), flush=True)
'''


@pytest.mark.skipif(torch.cuda.is_available(), reason='has a GPU')
def test_two_processes_share_gradients(tmp_path):
    script = tmp_path / 'worker.py'
    script.write_text(WORKER)
    done = subprocess.run([
        sys.executable, '-m', 'torch.distributed.run', '--standalone',
        '--nproc_per_node=2', script
    ],
                          capture_output=True,
                          text=True,
                          timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('[[1.5, 1.5]]') == 2


@pytest.fixture
def starts(monkeypatch):
    """Calls of mmengine's starts, which set a device as there."""
    calls = []
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)

    def start(*args, **kwargs):
        torch.cuda.set_device(0)  # an error without a device
        calls.append((args, kwargs))

    host = SimpleNamespace(
        _init_dist_pytorch=start, _init_dist_slurm=start, _init_dist_mpi=start)
    dist._replace_starts(host)
    with mock.patch.dict(os.environ):
        for name in list(os.environ):
            if name.startswith(('RANK', 'LOCAL_RANK', 'WORLD_SIZE', 'MASTER',
                                'SLURM', 'OMPI')):
                del os.environ[name]
        yield host, calls


def test_accelerator_starts_as_before(starts, monkeypatch):
    host, calls = starts
    os.environ.update(RANK='0', LOCAL_RANK='0', WORLD_SIZE='1')
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'set_device', lambda device: None)
    first = host._init_dist_pytorch
    dist._replace_starts(host)
    assert host._init_dist_pytorch is first
    host._init_dist_pytorch('nccl', init_backend='torch', timeout=3)
    assert calls == [(('nccl', ), dict(init_backend='torch', timeout=3))]


def test_slurm_meets_over_gloo(starts):
    host, calls = starts
    os.environ.update(
        SLURM_PROCID='1', SLURM_NTASKS='2', SLURM_NODELIST='box', PATH='')
    set_device = torch.cuda.set_device
    host._init_dist_slurm('nccl', init_backend='torch', port=7)
    assert calls == [(('gloo', ), dict(port=7))]
    assert torch.cuda.set_device is set_device
    assert os.environ['MASTER_ADDR'] == 'box'  # no scontrol to ask


def test_mpi_gets_rank_and_address(starts):
    host, calls = starts
    os.environ.update(
        OMPI_COMM_WORLD_RANK='1', OMPI_COMM_WORLD_LOCAL_RANK='1',
        OMPI_COMM_WORLD_SIZE='2', OMPI_COMM_WORLD_LOCAL_SIZE='2',
        LOCAL_RANK='0')
    host._init_dist_mpi('nccl')
    assert calls == [(('gloo', ), {})]
    assert os.environ['LOCAL_RANK'] == '1'
    assert os.environ['MASTER_ADDR'] == '127.0.0.1'


@pytest.mark.parametrize('launcher, env, message', [
    ('pytorch', dict(RANK='0'), '--launcher pytorch: got no LOCAL_RANK, '
     'WORLD_SIZE in the environment; start the processes with torchrun'),
    ('slurm', dict(), 'got no SLURM_PROCID, .* start the processes with srun'),
    ('mpi', dict(), 'got no OMPI_COMM_WORLD_RANK, .* with mpirun of Open MPI'),
    ('slurm', dict(SLURM_PROCID='0', SLURM_NTASKS='2',
                   SLURM_NODELIST='box[1-2]', PATH=''),
     '--launcher slurm: got no MASTER_ADDR .* set it to the name of that'),
    ('mpi', dict(OMPI_COMM_WORLD_RANK='1', OMPI_COMM_WORLD_LOCAL_RANK='0',
                 OMPI_COMM_WORLD_SIZE='2', OMPI_COMM_WORLD_LOCAL_SIZE='1'),
     '--launcher mpi: got no MASTER_ADDR'),
])
def test_what_the_launcher_left_out_is_named(starts, launcher, env, message):
    host, calls = starts
    os.environ.update(env)
    with pytest.raises(ValueError, match=message):
        getattr(host, f'_init_dist_{launcher}')('nccl')
    assert not calls
