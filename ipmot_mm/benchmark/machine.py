"""What a speed was measured on."""
import os
import platform
from contextlib import contextmanager
from typing import Any, Dict, Iterator

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
        ``device`` (name of the accelerator or ``'cpu'``) and ``versions``.
    """
    return dict(
        cpu=cpu_name(),
        cores=os.cpu_count(),
        usable_cores=num_usable_cores(),
        torch_threads=torch.get_num_threads(),
        opencv_threads=cv2.getNumThreads(),
        device=(torch.cuda.get_device_name()
                if torch.cuda.is_available() else 'cpu'),
        versions=dict(
            ipmot_mm=__version__,
            python=platform.python_version(),
            torch=torch.__version__,
            opencv=cv2.__version__,
            numpy=np.__version__,
            mmengine=mmengine.__version__))


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
