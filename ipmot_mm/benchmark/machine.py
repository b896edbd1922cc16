"""What a speed was measured on."""
import importlib.util
import os
import platform
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, Optional

import cv2
import mmengine
import numpy as np
import torch

from ipmot_mm.evaluation.process_map import num_usable_cores
from ipmot_mm.version import __version__

CPU_INFO = '/proc/cpuinfo'


def describe_machine() -> Dict[str, Any]:
    """Hardware and versions, for the record beside a number.

    Returns:
        dict: ``cpu`` (name of the model), ``cores``, ``usable_cores`` (that
        this process may run on), ``torch_threads``, ``opencv_threads``,
        ``device`` (name of the accelerator or ``'cpu'``), ``cuda`` (see
        :func:`describe_cuda`, None without), ``tf32`` (whether float32 may be
        rounded in matrix products and convolutions), ``commit`` (of the
        checkout that the package is in, with ``-dirty`` where files differ;
        None elsewhere) and ``versions``.
    """
    return dict(
        cpu=cpu_name(),
        cores=os.cpu_count(),
        usable_cores=num_usable_cores(),
        torch_threads=torch.get_num_threads(),
        opencv_threads=cv2.getNumThreads(),
        device=(torch.cuda.get_device_name()
                if torch.cuda.is_available() else 'cpu'),
        cuda=describe_cuda(),
        tf32=dict(
            matmul=torch.backends.cuda.matmul.allow_tf32,
            convolution=torch.backends.cudnn.allow_tf32),
        commit=git_commit(),
        versions=dict(
            ipmot_mm=__version__,
            python=platform.python_version(),
            torch=torch.__version__,
            triton=triton_version(),
            opencv=cv2.__version__,
            numpy=np.__version__,
            mmengine=mmengine.__version__))


def describe_cuda() -> Optional[Dict[str, Any]]:
    """The GPU and what drives it.

    Returns:
        dict | None: ``capability``, ``memory`` in bytes, ``runtime`` and
        ``driver`` (None where ``nvidia-smi`` is missing); None without a GPU.
    """
    if not torch.cuda.is_available():
        return None
    properties = torch.cuda.get_device_properties(0)
    return dict(
        capability=f'{properties.major}.{properties.minor}',
        memory=properties.total_memory,
        runtime=torch.version.cuda,
        driver=_first_line('nvidia-smi', '--query-gpu=driver_version',
                           '--format=csv,noheader'))


def git_commit() -> Optional[str]:
    """Commit of the checkout that this file is in, None outside of one."""
    folder = Path(__file__).resolve().parents[2]
    if not (folder / '.git').exists():
        return None
    return _first_line('git', '-C', str(folder), 'describe', '--always',
                       '--dirty', '--exclude', '*')


def triton_version() -> Optional[str]:
    """Version of Triton, None where it is missing."""
    if importlib.util.find_spec('triton') is None:
        return None
    import triton
    return triton.__version__


def _first_line(*command: str) -> Optional[str]:
    """What a program says first, None where it is missing or fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout.splitlines()
    return lines[0].strip() if lines else None


def cpu_name() -> str:
    """Model of the CPU, as far as the system tells."""
    if os.path.isfile(CPU_INFO):
        with open(CPU_INFO, encoding='utf-8') as file:
            for line in file:
                if line.startswith('model name'):
                    return line.split(':', 1)[1].strip()
    return platform.processor() or platform.machine()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let OpenCV and torch work in the thread that calls them.

    That is how worker processes load, and what makes stages comparable.
    """
    threads = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads[0])
        torch.set_num_threads(threads[1])
