"""Trap: launchers need a GPU.

``mmengine/dist/utils.py:130,167,218`` call ``torch.cuda.set_device`` whatever
the machine has, and ``mmengine/runner/runner.py:899,911`` gives every wrapper
a GPU's index. Without an accelerator the processes meet over gloo here, and
models on the CPU are wrapped without device ids.

Also, with or without a GPU: what the launcher should have set and did not is
said in one line. ``--launcher mpi`` gets the ``LOCAL_RANK`` that the wrapper
looks up (mmengine sets it for Slurm alone), and on one machine the address.
Where ``scontrol`` is missing, mmengine takes the complaint of the shell for
an address.

Can go: when mmengine starts gloo by itself where there is no accelerator.
"""
import contextlib
import functools
import os
import shutil
from types import ModuleType
from typing import Callable, Iterator

from .import_hooks import when_imported

STARTERS = dict(
    pytorch=('torchrun, as tools/dist_train.sh does',
             ('RANK', 'LOCAL_RANK', 'WORLD_SIZE')),
    slurm=('srun, as tools/slurm_train.sh does',
           ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_NODELIST')),
    mpi=('mpirun of Open MPI', ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE',
                                'OMPI_COMM_WORLD_LOCAL_RANK')))
"""Of every launcher: what starts it, and which variables that sets."""


def install_cpu_launcher() -> None:
    """Have processes on machines without GPU started with gloo."""
    when_imported('mmengine.dist.utils', _replace_starts)
    when_imported('mmengine.model.wrappers.distributed', _replace_wrapper)


def _replace_starts(dist_utils: ModuleType) -> None:
    for launcher in STARTERS:
        name = f'_init_dist_{launcher}'
        start = getattr(dist_utils, name)
        if not hasattr(start, '__wrapped__'):
            setattr(dist_utils, name,
                    _with_gloo_on_cpu(start, dist_utils, launcher))


def _with_gloo_on_cpu(start: Callable, dist_utils: ModuleType,
                      launcher: str) -> Callable:

    @functools.wraps(start)
    def start_process(backend: str, *args, **kwargs) -> None:
        _check_environment(launcher)
        if _has_accelerator(dist_utils):
            start(backend, *args, **kwargs)
            return
        kwargs.pop('init_backend', None)  # deepspeed and the like
        with _no_device_to_set():
            start('gloo', *args, **kwargs)

    return start_process


def _check_environment(launcher: str) -> None:
    """See that the launcher ran, and complete what it left out."""
    starter, names = STARTERS[launcher]
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise ValueError(
            f'--launcher {launcher}: got no {", ".join(missing)} in the '
            f'environment; start the processes with {starter}, or leave '
            '--launcher out.')
    env = os.environ
    if launcher == 'mpi':
        env['LOCAL_RANK'] = env['OMPI_COMM_WORLD_LOCAL_RANK']
        if 'MASTER_ADDR' not in env:
            _set_address('mpi', '127.0.0.1',
                         env.get('OMPI_COMM_WORLD_LOCAL_SIZE') ==
                         env['OMPI_COMM_WORLD_SIZE'])
    elif launcher == 'slurm' and 'MASTER_ADDR' not in env:
        nodes = env['SLURM_NODELIST']
        if shutil.which('scontrol') is None:
            _set_address('slurm', nodes, not set(nodes) & set('[,'))


def _set_address(launcher: str, address: str, on_one_node: bool) -> None:
    """Let ranks of one node meet there; only the user knows of others."""
    if not on_one_node:
        raise ValueError(
            f'--launcher {launcher}: got no MASTER_ADDR in the environment, '
            'and nothing else tells which of several nodes has rank 0; set '
            'it to the name of that node.')
    os.environ['MASTER_ADDR'] = address


def _has_accelerator(dist_utils: ModuleType) -> bool:
    import torch
    return torch.cuda.is_available() or any(
        getattr(dist_utils, f'is_{kind}_available')()
        for kind in ('mlu', 'npu', 'musa')
        if hasattr(dist_utils, f'is_{kind}_available'))


@contextlib.contextmanager
def _no_device_to_set() -> Iterator[None]:
    """Let ``torch.cuda.set_device`` pass: there is none."""
    import torch
    set_device = torch.cuda.set_device
    torch.cuda.set_device = lambda device: None
    try:
        yield
    finally:
        torch.cuda.set_device = set_device


def _replace_wrapper(wrappers: ModuleType) -> None:
    wrapper = wrappers.MMDistributedDataParallel
    construct = wrapper.__init__
    if hasattr(construct, '__wrapped__'):
        return

    @functools.wraps(construct)
    def construct_on_device(self, module, *args, **kwargs) -> None:
        if all(param.device.type == 'cpu' for param in module.parameters()):
            kwargs['device_ids'] = None
        construct(self, module, *args, **kwargs)

    wrapper.__init__ = construct_on_device
