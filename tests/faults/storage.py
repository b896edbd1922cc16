"""A disk that is full, and files that are damaged or not what they were."""
import os
import shutil
from pathlib import Path

import torch

from .bench import EPOCHS, NUM_FRAMES, Bench, write_video
from .cases import Outcome, fault, repeated, require
from .evidence import (load_checkpoint, read_log, require_equal,
                       require_same_training)

USER_ERROR = 2
NUM_STEPS = EPOCHS * NUM_FRAMES


@fault('full disk while a checkpoint is saved, free again later')
def full_disk(bench: Bench) -> Outcome:
    run = bench.train(
        'full',
        fault=dict(
            do='full', writing='epoch_1.pth',
            bytes=bench.checkpoint_size // 2, until_iter=7)).expect_code(0)
    require(not (bench.root / 'full/epoch_1.pth').exists(),
            'epoch_1.pth was written; the disk was not full')
    require_same_training(bench.straight, bench.root / 'full')
    return Outcome('recovered', run.line(r'epoch_1\.pth.*not written'),
                   'the checkpoint of that moment')


@fault('disk full for five iterations: no log, no checkpoint')
def full_disk_for_all(bench: Bench) -> Outcome:
    run = bench.train(
        'full_all', fault=dict(do='full', before_iter=5, bytes=0,
                               until_iter=10)).expect_code(0)
    count = run.output.count('Traceback')
    require(count == 0, f'{count} tracebacks instead of one line')
    line = run.line(r'\.json cannot be written')
    log, _ = read_log(bench.root / 'full_all')
    expected, _ = read_log(bench.straight)
    for step, entry in log.items():
        require_equal(expected[step], entry, f'step {step}')
    require_equal(*(load_checkpoint(bench.root / name / 'epoch_2.pth')
                    for name in ('straight', 'full_all')), 'epoch_2.pth')
    return Outcome(
        'recovered', line, f'{NUM_STEPS - len(log)} lines of the log, '
        'the checkpoints of that time')


@fault('full disk at the last save')
def full_disk_at_last_save(bench: Bench) -> Outcome:
    run = bench.train(
        'full_last',
        fault=dict(
            do='full', writing='epoch_2.pth', bytes=bench.checkpoint_size //
            2)).expect_code(USER_ERROR)
    line = run.error_line(r'epoch_2\.pth')
    folder = bench.root / 'full_last'
    require_equal(
        load_checkpoint(bench.straight / 'epoch_1.pth'),
        load_checkpoint(folder / 'epoch_1.pth'), 'epoch_1.pth')
    bench.train('full_last', '--resume').expect_code(0)
    count = require_same_training(bench.straight, folder)
    return Outcome('reported', line, repeated(count))


def truncate(file: Path) -> None:
    """Leave the first half of a file."""
    os.truncate(file, file.stat().st_size // 2)


@fault('newest checkpoint cut off, then --resume')
def truncated_checkpoint(bench: Bench) -> Outcome:
    folder = bench.copy_of(bench.straight, 'truncated')
    truncate(folder / 'epoch_2.pth')
    run = bench.train('truncated', '--resume').expect_code(0)
    count = require_same_training(bench.straight, folder)
    return Outcome('recovered', run.line(r'^passing over.*epoch_2\.pth'),
                   repeated(count))


@fault('all checkpoints cut off, then --resume')
def all_checkpoints_truncated(bench: Bench) -> Outcome:
    folder = bench.copy_of(bench.straight, 'all_truncated')
    for file in folder.glob('*.pth'):
        truncate(file)
    run = bench.train('all_truncated', '--resume').expect_code(USER_ERROR)
    return Outcome('reported', run.error_line(r'checkpoint'),
                   'what was damaged')


class Malice:
    """Touches a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.file), )


@fault('a checkpoint with code in its pickle, then --resume FILE')
def code_in_checkpoint(bench: Bench) -> Outcome:
    trace = bench.root / 'was_executed'
    file = bench.root / 'malicious.pth'
    checkpoint = torch.load(bench.straight / 'epoch_1.pth', weights_only=False)
    torch.save({**checkpoint, 'more': Malice(trace)}, file)
    run = bench.train('malicious', '--resume', str(file))
    require(not trace.exists(), 'the code was executed')
    line = run.expect_code(USER_ERROR).error_line('refused')
    return Outcome('reported', line, 'nothing')


@fault('--resume with other videos')
def other_data(bench: Bench) -> Outcome:
    bench.copy_of(bench.straight, 'other_data')
    data = bench.root / 'more_data'
    for number in (1, 2):
        write_video(data / f'Other-{number:02d}', seed=number)
    run = bench.train('other_data', '--resume', '--cfg-options',
                      'train_cfg.max_epochs=3',
                      f'train_dataloader.dataset.data_root={data}')
    line = run.expect_code(USER_ERROR).error_line('Other-01')
    return Outcome('reported', line, 'nothing')


def images_of(bench: Bench, name: str) -> Path:
    """Folder of images that a case may destroy."""
    shutil.copytree(bench.data, bench.root / name)
    return bench.root / name / 'Tiny-01' / 'img1'


@fault('an image becomes unreadable in the middle of an epoch')
def unreadable_image(bench: Bench) -> Outcome:
    images = images_of(bench, 'data_broken')
    image = sorted(images.iterdir())[2]
    run = bench.train(
        'unreadable', '--cfg-options',
        f'train_dataloader.dataset.data_root={images.parents[1]}',
        fault=dict(do='break_files', before_iter=2,
                   files=[str(image)])).expect_code(0)
    log, _ = read_log(bench.root / 'unreadable')
    expected, _ = read_log(bench.straight)
    require(len(log) == NUM_STEPS, f'{len(log)} iterations were logged')
    require(log[2] == expected[2], 'step 2, before the fault, differs')
    return Outcome('recovered', run.line(image.name),
                   'clips of this image, others stand in')


@fault('an unreadable image in a test')
def unreadable_image_in_test(bench: Bench) -> Outcome:
    images = images_of(bench, 'test_data_broken')
    image = sorted(images.iterdir())[2]
    image.write_bytes(b'no image')
    run = bench.test(
        bench.straight / 'epoch_2.pth', '--cfg-options',
        f'test_dataloader.dataset.data_root={images.parents[1]}')
    line = run.expect_code(USER_ERROR).error_line(image.name)
    return Outcome('reported', line, 'nothing')
