"""How long a new process takes until it has tracked its first frame."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Dict, List, Tuple

PHASES = ('python', 'torch', 'mmengine', 'mmdet', 'ipmot_mm', 'build',
          'first frame', 'second frame')
"""Of the process, in order; the imports by whose package they are for."""
# The order of the imports tells what each adds to those before.
PROGRAM = '''
import sys, time
marks = []
def mark():
    marks.append((time.time(), time.process_time()))
mark()
import torch
torch.set_num_threads(1)
mark()
import ipmot_mm
import mmengine.runner
mark()
import mmdet.models
mark()
import ipmot_mm.models
from ipmot_mm.apis import FrameTracker, init_tracker
mark()
tracker = FrameTracker(init_tracker(sys.argv[1]))
mark()
import json
import numpy as np
width, height = int(sys.argv[2]), int(sys.argv[3])
frame = np.random.default_rng(0).integers(
    0, 255, (height, width, 3), np.uint8)
for _ in range(2):
    tracker.update(frame)
    mark()
print(json.dumps(dict(marks=marks, modules=sorted(sys.modules))))
'''


def measure_cold_start(
    config: str, size: Tuple[int, int], num_runs: int
) -> Tuple[Dict[str, Dict[str, float]], List[str]]:
    """Start processes that track a frame, one after the other.

    The first one does not count: it reads files that are then in memory, and
    writes the bytecode of modules that never ran.

    Args:
        config (str): Of the model, which gets random weights.
        size (tuple[int, int]): Width and height of the frame.
        num_runs (int): Processes that count.

    Returns:
        tuple[dict[str, dict[str, float]], list[str]]: For every phase of
        ``PHASES`` and for their ``total`` without the second frame the median
        seconds that passed, ``wall``, and of the processor, ``cpu``; and the
        names of all modules that were imported.

    Raises:
        RuntimeError: If the process fails, with its last line.
    """
    runs = []
    for _ in range(num_runs + 1):
        marks, modules = _run_once(config, size)
        runs.append({
            clock: _seconds([mark[index] for mark in marks])
            for index, clock in enumerate(('wall', 'cpu'))
        })
    return {
        phase:
        {clock: median(run[clock][phase] for run in runs[1:])
         for clock in runs[0]}
        for phase in (*PHASES, 'total')
    }, modules


def _seconds(marks: List[float]) -> Dict[str, float]:
    seconds = {
        phase: end - begin
        for phase, begin, end in zip(PHASES, marks, marks[1:])
    }
    return dict(seconds, total=marks[-2] - marks[0])


def _run_once(config: str,
              size: Tuple[int, int]) -> Tuple[List[tuple], List[str]]:
    """Moments when the phases ended, by either clock; the first is the
    start."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(
        filter(None, (root, os.environ.get('PYTHONPATH'))))
    start = time.time()
    done = subprocess.run(
        [sys.executable, '-c', PROGRAM, config, *map(str, size)],
        env=dict(os.environ, PYTHONPATH=path, OMP_NUM_THREADS='1'),
        capture_output=True,
        text=True)
    if done.returncode != 0:
        raise RuntimeError('the process that tracks a frame failed: '
                           f'{done.stderr.strip().splitlines()[-1]}')
    result = json.loads(done.stdout.splitlines()[-1])
    return [(start, 0), *result['marks']], result['modules']
