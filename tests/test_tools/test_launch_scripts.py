"""The shell scripts that start several processes."""
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

TOOLS = Path(__file__).resolve().parents[2] / 'tools'

LINE = '''
import json
import os
import torch
from mmengine.dist import barrier, get_dist_info
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, HOOKS, MODELS


@MODELS.register_module()
class LineModel(BaseModel):

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, inputs, mode='tensor'):
        points = torch.stack(inputs)
        wrong = self.layer(points) - points.sum(1, keepdim=True)
        return dict(loss=wrong.square().mean())


@DATASETS.register_module()
class Points(torch.utils.data.Dataset):

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return dict(inputs=torch.tensor([index / 8, 1.0]))


@HOOKS.register_module()
class Report(Hook):

    def after_train(self, runner):
        layer = getattr(runner.model, 'module', runner.model).layer
        rank, world_size = get_dist_info()
        with open(f'{runner.work_dir}/{rank}.json', 'w') as file:
            json.dump([world_size, layer.weight.tolist()], file)
        barrier()
        if os.environ.get('SLIP') == str(rank):
            raise RuntimeError('a slip')
'''

CONFIG = '''
custom_imports = dict(imports=['line'])
default_scope = 'mmengine'  # mmdet would take seconds to import
model = dict(type='LineModel')
train_dataloader = dict(
    batch_size=2, num_workers=0, dataset=dict(type='Points'),
    sampler=dict(type='DefaultSampler', shuffle=True))
train_cfg = dict(by_epoch=True, max_epochs=2)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
default_hooks = dict(checkpoint=None)
custom_hooks = [dict(type='Report')]
env_cfg = dict(dist_cfg=dict(backend='nccl', timeout=300))
randomness = dict(seed=0)
'''

SRUN = f'''#!{sys.executable}
"""Starts the tasks here; its own arguments are --name=value."""
import os, subprocess, sys
args = sys.argv[1:]
own = dict(arg[2:].split('=', 1) for arg in args if arg.startswith('--')
           and args.index(arg) < args.index('-u'))
count = int(own['ntasks'])
command = [arg for arg in args if arg not in own][len(own):]
tasks = [subprocess.Popen(command, env=dict(
    os.environ, SLURM_PROCID=str(rank), SLURM_LOCALID=str(rank),
    SLURM_NTASKS=str(count), SLURM_NODELIST='box[1-2]'))
    for rank in range(count)]
sys.exit(max(task.wait() for task in tasks))
'''


def write_program(file, text):
    file.write_text(text)
    file.chmod(0o755)


def run_script(name, *args, **env):
    return subprocess.run(['bash', TOOLS / name, *map(str, args)],
                          env={
                              **os.environ,
                              **env
                          },
                          capture_output=True,
                          text=True,
                          timeout=300)


@pytest.fixture
def arguments_of(tmp_path):
    """What a script calls, instead of calling it."""
    for name in ('python', 'srun'):
        write_program(tmp_path / name,
                      '#!/bin/sh\nprintf "%s\\n" "port=$MASTER_PORT" "$@"\n')

    def arguments(name, *args, **env):
        path = f'{tmp_path}:{os.environ["PATH"]}'
        done = run_script(name, *args, PATH=path, PYTHON='python', **env)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return arguments


@pytest.mark.parametrize('script, args, end', [
    ('dist_train.sh', ['c.py', 2, '--work-dir', 'a b'],
     ['c.py', '--launcher', 'pytorch', '--work-dir', 'a b']),
    ('dist_test.sh', ['c.py', 'a.pth', 2, '--val'],
     ['c.py', 'a.pth', '--val', '--launcher', 'pytorch']),
    ('dist_test.sh', ['c.py', 2, '--checkpoint', 'a.pth'],
     ['c.py', '--checkpoint', 'a.pth', '--launcher', 'pytorch']),
])
def test_torchrun_gets_the_machines_and_the_rest(script, args, end,
                                                 arguments_of):
    found = arguments_of(script, *args)
    assert found[-len(end):] == end
    assert {'--nnodes=1', '--node_rank=0', '--master_addr=127.0.0.1',
            '--master_port=29500', '--nproc_per_node=2'} <= set(found)
    found = arguments_of(script, *args, NNODES='3', NODE_RANK='1',
                         MASTER_ADDR='box', PORT='7')
    assert {'--nnodes=3', '--node_rank=1', '--master_addr=box',
            '--master_port=7'} <= set(found)


@pytest.mark.parametrize('script, end', [
    ('slurm_train.sh', ['c.py', '--work-dir=w', '--launcher', 'slurm', 'x']),
    ('slurm_test.sh', ['c.py', 'w', '--launcher', 'slurm', 'x']),
])
@pytest.mark.parametrize('env, wanted, port', [
    (dict(), {'--gres=gpu:8', '--ntasks=8', '--ntasks-per-node=8'}, '29500'),
    (dict(GPUS='2', PORT='7'),
     {'--gres=gpu:2', '--ntasks=2', '--ntasks-per-node=2'}, '7'),
    (dict(GPUS='16', GPUS_PER_NODE='4', MASTER_PORT='8'),
     {'--gres=gpu:4', '--ntasks=16', '--ntasks-per-node=4'}, '8'),
    (dict(GPUS='2', GRES='gpu:a100:2'), {'--gres=gpu:a100:2'}, '29500'),
    (dict(GRES='', SRUN_ARGS='--time=9 --qos=q'), {'--time=9', '--qos=q'},
     '29500'),
])
def test_srun_asks_for_what_the_processes_need(script, end, env, wanted, port,
                                               arguments_of):
    found = arguments_of(script, 'part', 'job', 'c.py', 'w', 'x', **env)
    assert found[0] == f'port={port}' and found[-len(end):] == end
    assert wanted | {'--partition=part', '--job-name=job'} <= set(found)
    if env.get('GRES') == '':
        assert not any(arg.startswith('--gres') for arg in found)


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh',
                                    'slurm_train.sh', 'slurm_test.sh'])
def test_too_few_arguments_are_the_usage(script):
    done = run_script(script, 'c.py')
    assert done.returncode == 2 and done.stderr.startswith('usage: ')


@pytest.mark.parametrize('script, args', [
    ('dist_train.sh', ['c.py', 'two']),
    ('dist_train.sh', ['c.py', '--work-dir', 'w']),
    ('dist_test.sh', ['c.py', 'w.pth', '--val']),
    ('dist_test.sh', ['c.py', '0', '--checkpoint', 'w.pth'])
])
def test_no_number_of_processes_is_the_usage(script, args):
    done = run_script(script, *args)
    assert done.returncode == 2 and done.stderr.startswith('usage: ')


@pytest.fixture(scope='module')
def training(tmp_path_factory):
    """Folder of a config, and the environment to train it in."""
    folder = tmp_path_factory.mktemp('training')
    (folder / 'line.py').write_text(LINE)
    (folder / 'config.py').write_text(CONFIG)
    write_program(folder / 'srun', SRUN)
    write_program(folder / 'scontrol', '#!/bin/sh\necho 127.0.0.1\n')
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
    return folder, dict(
        PATH=f'{folder}:{os.environ["PATH"]}', PYTHONPATH=str(folder),
        PYTHON=sys.executable, PORT=port, OMP_NUM_THREADS='1',
        CUDA_VISIBLE_DEVICES='-1')


def results_in(folder):
    return [json.loads((folder / f'{rank}.json').read_text())
            for rank in range(2)]


def assert_rank_1_is_blamed(done):
    """A slip at the end of one rank: the whole command fails, and says so."""
    assert done.returncode != 0
    assert '[rank1]: RuntimeError: a slip' in done.stderr
    assert 'rank      : 1 (local_rank: 1)' in done.stderr.split('Root')[1]
    assert '[rank0]: Traceback' not in done.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason='starts CPU processes')
def test_two_nodes_and_slurm_equal_one_node(training):
    """One process per node and two on one node: the same two ranks."""
    folder, env = training
    config = folder / 'config.py'
    nodes = [
        subprocess.Popen([
            'bash', TOOLS / 'dist_train.sh', config, '1', '--work-dir',
            folder / 'two'
        ], env={**os.environ, **env, 'NNODES': '2', 'NODE_RANK': rank})
        for rank in '01'
    ]  # yapf: disable
    assert [node.wait(200) for node in nodes] == [0, 0]
    done = run_script('slurm_train.sh', 'part', 'job', config,
                      folder / 'slurm', **env, GPUS='2', GRES='')
    assert done.returncode == 0, done.stderr[-3000:]
    done = run_script('dist_train.sh', config, 2, '--work-dir',
                      folder / 'one', SLIP='1', **env)
    assert_rank_1_is_blamed(done)
    one, two, slurm = (
        results_in(folder / name) for name in ('one', 'two', 'slurm'))
    assert one == two == slurm
    assert one[0] == one[1] and one[0][0] == 2  # ranks
