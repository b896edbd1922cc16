"""What happens inside of the process that a fault is done to.

A training imports this module because its config names it in
``custom_imports``; the environment variable ``IPMOT_FAULT`` says what to do,
such as ``{"do": "kill", "after_iters": [3]}``. Faults of files are done where
Python meets the system (audit events, limits of the kernel), so that they do
not depend on how the package writes.
"""
import hashlib
import json
import multiprocessing
import os
import resource
import signal
import sys
import time
from pathlib import Path

import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook

from ipmot_mm.registry import HOOKS

from .commands import VARIABLE

UNLIMITED = resource.RLIM_INFINITY


@HOOKS.register_module()
class FaultHook(Hook):
    """Does the fault that the environment names, on the rank it names."""

    priority = 'LOWEST'  # what the iteration logs is written before

    def __init__(self) -> None:
        fault = json.loads(os.environ.get(VARIABLE, '{}'))
        self.fault = fault if fault.get('rank', get_rank()) == get_rank() \
            else {}
        self.full = False

    def before_train(self, runner) -> None:
        if 'nan_at' in self.fault:
            self._hook_numbers(runner)
        if 'mid_iter' in self.fault:
            self._hook_step(runner)
        if 'writing' in self.fault or 'renaming' in self.fault:
            sys.addaudithook(self._watch_files)

    def before_train_epoch(self, runner) -> None:
        if self.fault.get('before_epoch') == runner.epoch:
            self._do(runner)

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if self.full and self.fault.get('until_iter', -1) <= runner.iter:
            limit_files(UNLIMITED)
            self.full = False
        if self._spoils(runner, 'images'):
            inputs = data_batch['inputs']
            inputs[0] = inputs[0].float() * float('nan')
        if self.fault.get('before_iter') == runner.iter:
            self._do(runner)
        if self.fault.get('digests'):
            self._note(runner, 'before')

    def after_train_iter(self, runner, batch_idx, data_batch=None,
                         outputs=None) -> None:
        if self.fault.get('digests'):
            self._note(runner, 'after')
        if runner.iter in self.fault.get('after_iters', ()):
            self._do(runner)

    def before_val_iter(self, runner, batch_idx, data_batch=None) -> None:
        if self.fault.get('before_val_iter') == batch_idx:
            self._do(runner)

    def _do(self, runner=None) -> None:
        """The deed itself."""
        deed = self.fault['do']
        if 'note_time' in self.fault:
            Path(self.fault['note_time']).write_text(str(time.time()))
        if deed == 'kill':
            os.kill(os.getpid(), signal.SIGKILL)
        elif deed == 'interrupt':
            os.kill(os.getpid(), signal.SIGINT)
        elif deed == 'terminate':
            os.kill(os.getpid(), signal.SIGTERM)
        elif deed == 'terminate_launcher':
            os.kill(os.getppid(), signal.SIGTERM)
        elif deed == 'kill_worker':
            worker = multiprocessing.active_children()[0]
            os.kill(worker.pid, signal.SIGKILL)
        elif deed == 'sleep':
            time.sleep(self.fault['seconds'])
        elif deed == 'break_files':
            for file in self.fault['files']:
                Path(file).write_bytes(b'no image')
        elif deed == 'die_full':  # the kernel ends the process at the limit
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            limit_files(self.fault['bytes'])
        elif deed == 'full':  # writing beyond the limit is an OSError
            self.full = True
            limit_files(self.fault['bytes'])
        else:
            raise ValueError(f'unknown fault: {self.fault}')

    def _spoils(self, runner, what: str) -> bool:
        """Whether these are no numbers in this iteration, on this rank."""
        return (runner.iter in self.fault.get('nan_at', ())
                and self.fault.get('nan_rank', get_rank()) == get_rank()
                and self.fault.get('nan_in', 'images') == what)

    def _hook_numbers(self, runner) -> None:
        """Spoil features after the step of the TrackBook, or gradients."""
        model = getattr(runner.model, 'module', runner.model)

        def spoil_features(module, inputs, outputs):
            if self._spoils(runner, 'features'):
                return tuple(output * float('nan') for output in outputs)
            return None

        def spoil_gradient(gradient):
            if self._spoils(runner, 'gradients'):
                return gradient * float('inf')
            return None

        model.detector.neck.register_forward_hook(spoil_features)
        last = list(model.detector.bbox_head.parameters())[-1]
        last.register_hook(spoil_gradient)

    def _hook_step(self, runner) -> None:
        """Act after the step of the TrackBook, before the tracker's."""

        def before_step(*args) -> None:
            if runner.iter == self.fault['mid_iter']:
                self._do(runner)

        tracker = runner.optim_wrapper['tracker'].optimizer
        tracker.register_step_pre_hook(before_step)

    def _watch_files(self, event: str, args: tuple) -> None:
        if event == 'open' and self._is_write(args):
            self._on_file(args[0], 'writing')
        elif event == 'os.rename':
            self._on_file(args[1], 'renaming')

    @staticmethod
    def _is_write(args: tuple) -> bool:
        mode, flags = args[1], args[2]
        if isinstance(mode, str):
            return bool(set('wax+') & set(mode))
        return bool(flags & (os.O_WRONLY | os.O_RDWR))

    def _on_file(self, path: object, moment: str) -> None:
        wanted = self.fault.get(moment)
        if wanted is not None and wanted in os.path.basename(str(path)):
            del self.fault[moment]  # once
            self._do()

    def _note(self, runner, moment: str) -> None:
        """One line with a digest of all that an iteration may change."""
        path = Path(runner.work_dir) / f'digests_{get_rank()}.txt'
        with path.open('a') as file:
            file.write(f'{runner.iter} {moment} {digest(runner)}\n')


def limit_files(size: int) -> None:
    """No file of this process can grow beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, UNLIMITED))


def digest(runner) -> str:
    """Digest of all weights and buffers and the states of the optimisers."""
    summary = hashlib.sha256()

    def add(value) -> None:
        if isinstance(value, torch.Tensor):
            summary.update(value.detach().contiguous().numpy().tobytes())
        elif isinstance(value, dict):
            for key in sorted(value, key=str):
                add(value[key])
        elif isinstance(value, (list, tuple)):
            for item in value:
                add(item)

    model = getattr(runner.model, 'module', runner.model)
    add(dict(model.state_dict()))
    add({
        name: wrapper.optimizer.state_dict()['state']
        for name, wrapper in runner.optim_wrapper.items()
    })
    return summary.hexdigest()
