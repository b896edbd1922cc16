"""Run and check the blocks of pages in one process; a report as JSON.

    python tests/doc_runner.py JOB.json REPORT.json
"""
import contextlib
import io
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import ipmot_mm  # noqa: E402,F401 isort: skip
import cv2  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from doc_blocks import ROOT, read_blocks  # noqa: E402
from doc_commands import CommandChecker  # noqa: E402
from doc_configs import REGISTRIES, check_config  # noqa: E402
from doc_shell import record_commands  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402

SECONDS = 30
LIBRARY = (str(ROOT / 'ipmot_mm'), os.path.dirname(os.__file__))
SMALL = 'configs/synthmot/ipmot_dab-small_2xb2-4e_synthmot-street.py'
LINKS = ('checkpoints', 'demo', 'docs', 'projects', 'tools')


def make_stage(folder):
    """What the words of the pages stand for: a config, weights, videos.

    ``configs`` is a copy, since pages tell to write files there.
    """
    shutil.copytree(ROOT / 'configs', folder / 'configs')
    for name in LINKS:
        (folder / name).symlink_to(ROOT / name)
    (folder / 'CONFIG.py').write_text(f"_base_ = '{SMALL}'\n")
    (folder / 'CHECKPOINT.pth').symlink_to(
        ROOT / 'checkpoints' / 'ipmot_small_street.pth')
    random = np.random.default_rng(0)
    for name in ('video.mp4', 'a.mp4', 'b.mp4'):
        writer = cv2.VideoWriter(
            str(folder / name), cv2.VideoWriter_fourcc(*'mp4v'), 25, (64, 48))
        for _ in range(3):
            writer.write(random.integers(0, 255, (48, 64, 3), np.uint8))
        writer.release()


@contextlib.contextmanager
def clean_registries():
    """What a page registers and imports is gone behind it."""
    modules, path, place = set(sys.modules), list(sys.path), os.getcwd()
    try:
        yield
    finally:
        os.chdir(place)
        own = {'page'} | {
            name for name in set(sys.modules) - modules
            if not (getattr(sys.modules[name], '__file__', None)
                    or sys.prefix).startswith((sys.prefix, *LIBRARY))
        }
        for registry in REGISTRIES:
            classes = registry._module_dict
            for name in [name for name, each in classes.items()
                         if each.__module__ in own]:
                del classes[name]
        for name in own & set(sys.modules):
            del sys.modules[name]
        sys.path[:] = path


@contextlib.contextmanager
def limit(seconds):
    """Interrupts what takes longer."""

    def interrupt(*args):
        raise TimeoutError(f'took longer than {seconds} s')

    signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def run_python(block, stage, namespace):
    """Run a block, or write its file; a config is checked as well."""
    file = block.file
    if block.is_config:
        text, path = block.text, stage / (file or 'configs/ipmot/_block.py')
        path.parent.mkdir(parents=True, exist_ok=True)
        if '_base_ =' not in text:
            text = f'_base_ = {str(stage / "configs" / block.base)!r}\n{text}'
        path.write_text(text)
        problems = check_config(path)
        if problems:
            raise ValueError('; '.join(problems))
        return
    code = compile(block.text, block.place, 'exec')
    if file:
        path = stage / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
    else:
        exec(code, namespace)


def check_page(page, blocks, stage):
    """Problems of each block: ``{place: line, or '' where it is right}``."""
    report = {}
    init_default_scope('ipmot_mm')
    shell = [each for each in blocks if each.language in ('bash', 'sh')]
    python = [each for each in blocks if each.language in ('python', 'py')]
    if shell:
        files = {each.file for each in blocks if each.file}
        report.update(check_shell(shell, files, stage))
    if python:
        make_stage(stage)
        os.chdir(stage)
        sys.path.insert(0, str(stage))
        # name: classes of a block are not of this file
        namespace = dict(
            __name__='page', frame=np.zeros((128, 224, 3), np.uint8))
        # files first: a config may import what is shown further down
        python.sort(key=lambda each: not each.file or each.is_config)
    for block in python:
        try:
            with limit(SECONDS), contextlib.redirect_stdout(io.StringIO()):
                init_default_scope('ipmot_mm')
                run_python(block, stage, namespace)
            report[block.place] = ''
        except (Exception, SystemExit) as error:
            line = traceback.extract_tb(error.__traceback__)[-1]
            report[block.place] = (
                f'{type(error).__name__}: {error} ({line.name}:{line.lineno})')
    return report


def check_shell(blocks, files, stage):
    """Problems of the bash blocks of a page."""
    folder = stage / 'shell'
    (folder / 'work_dirs').mkdir(parents=True)
    commands, problems = record_commands(blocks, folder)
    written = {path.relative_to(folder).as_posix()
               for path in folder.rglob('*')}
    checker = CommandChecker(files | written)
    report = {}
    for block in blocks:
        found = [problems[block.place]] if block.place in problems else []
        for argv in commands.get(block.place, []):
            found += checker(argv)
        report[block.place] = '; '.join(found)
    return report


def main(job, report):
    """Check the pages of a job, each relative to its root."""
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    results, times = {}, {}
    for root, name in json.loads(Path(job).read_text()):
        page, began = Path(root) / name, time.perf_counter()
        blocks = [each for each in read_blocks(page, Path(root))
                  if each.reason is None and not each.source]
        with tempfile.TemporaryDirectory() as folder, clean_registries():
            results.update(check_page(page, blocks, Path(folder)))
        times[name] = time.perf_counter() - began
    Path(report).write_text(json.dumps(dict(results=results, times=times)))


if __name__ == '__main__':
    main(*sys.argv[1:])
