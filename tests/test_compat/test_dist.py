"""Starting processes on a machine without GPU."""
import subprocess
import sys
from types import SimpleNamespace

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


def test_accelerator_starts_as_before(monkeypatch):
    calls = []
    host = SimpleNamespace(_init_dist_pytorch=lambda *args, **kwargs: calls.
                           append((args, kwargs)))
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    dist._replace_start(host)
    first = host._init_dist_pytorch
    dist._replace_start(host)
    assert host._init_dist_pytorch is first
    host._init_dist_pytorch('nccl', init_backend='torch', timeout=3)
    assert calls == [(('nccl', ), dict(init_backend='torch', timeout=3))]
