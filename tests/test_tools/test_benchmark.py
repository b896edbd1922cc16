"""The benchmark measures what it says, and writes it down."""
import importlib.util
import json
import os
import subprocess
import sys
from itertools import count, islice
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from torch.utils.data import get_worker_info

from ipmot_mm.benchmark import (build_loader, measure_loader, measure_stages,
                                one_thread, pillow_pipeline)
from ipmot_mm.benchmark.loader import endless, timed_pipeline
from ipmot_mm.benchmark.stopwatch import CLOCKS, Stopwatch
from ipmot_mm.datasets.clip_index import numpy_seed
from ipmot_mm.datasets.synthmot import write_synthmot
from ipmot_mm.registry import TRANSFORMS

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools/analysis_tools/benchmark.py'
CONFIG = ROOT / 'configs/synthmot/ipmot_dab-tiny_2xb4-8e_synthmot-street.py'


@pytest.fixture(scope='module')
def synthmot(tmp_path_factory):
    root = tmp_path_factory.mktemp('synthmot')
    write_synthmot(root, ['street'], 2, 1, 6, 0, num_workers=1)
    return root


@pytest.fixture
def cfg(synthmot, monkeypatch):
    monkeypatch.setenv('IPMOT_SYNTHMOT', str(synthmot))
    return Config.fromfile(CONFIG)


def run_tool(synthmot, *args):
    env = dict(
        os.environ,
        PYTHONPATH=str(ROOT),
        IPMOT_SYNTHMOT=str(synthmot),
        OMP_NUM_THREADS='1')
    return subprocess.run([sys.executable, str(TOOL), *map(str, args)],
                          env=env,
                          capture_output=True,
                          text=True)


def test_stopwatch_adds_within_a_lap_and_takes_medians():
    now = iter(np.cumsum([0, 1, 0, 2, 0, 8, 0, 4, 0, 4]))
    watch = Stopwatch(lambda: next(now))
    for stages in (('a', 'a'), ('b', ), ('a', ), ('a', )):
        with watch.lap():
            for name in stages:
                with watch.stage(name):
                    pass
    assert watch.names() == ['a', 'b']
    assert watch.median('a') == 4 and watch.median('b') == 8  # of 3, 4, 4
    assert watch.share('a') == 0.75 and watch.mean('a') == 11 / 4


def test_timing_changes_no_clip(cfg):
    loader = build_loader(cfg, 'train', 0, 3)
    dataset = loader.dataset
    watch = Stopwatch()
    timed = timed_pipeline(dataset.pipeline, watch)
    for seed in range(6):
        with watch.lap(), numpy_seed(seed):
            found = timed(dataset.get_data_info((0, 3, 1)))
        expected = dataset[0, 3, 1, seed]
        assert torch.equal(found['inputs'], expected['inputs'])
    assert set(watch.names()) == {
        'read', 'decode', 'augment: ClipRandomFlip',
        'augment: ClipRandomResize', 'augment: ClipRandomCrop',
        'augment: resample', 'augment: ClipHSV', 'augment: FilterBoxes', 'pack'
    }
    assert 0 < watch.share('augment: ClipRandomCrop') < 1


@pytest.mark.parametrize('clock', ['wall', 'cpu'])
def test_stages_add_up_to_the_whole(cfg, clock, monkeypatch):
    # Ticks once whenever somebody looks: a stage lasts a second, the whole
    # one more than twice its stages. The other clock stands still.
    for name in CLOCKS:
        ticks = count(step=int(name == clock))
        monkeypatch.setitem(CLOCKS, name, ticks.__next__)
    result = measure_stages(build_loader(cfg, 'train', 0), 12, clock=clock)
    assert result['num_clips'] == 12 and result['num_frames'] == 2
    assert result['image_size'] == [224, 128]
    stages = {stage['name']: stage for stage in result['stages']}
    assert {name: stages[name]['ms_per_frame']
            for name in ('read', 'decode', 'pack', 'collate')
            } == dict(read=1e3, decode=1e3, pack=500, collate=500)
    always = sum(stage['ms_per_frame'] for stage in result['stages']
                 if stage['share'] == 1)
    every = sum(stage['ms_per_frame'] for stage in result['stages'])
    assert 2 * always + 500 <= result['ms_per_frame'] <= 2 * every + 500
    assert result['frames_per_second'] == pytest.approx(
        1e3 / result['ms_per_frame'])


class WorkerNumber:
    """Frames that show which worker made them, in a pipeline."""

    def __call__(self, results):
        worker = get_worker_info()
        shape = (len(results['img_path']), 3, 2, 2)
        return dict(inputs=torch.full(shape, -1 if worker is None else
                                      worker.id))


@pytest.mark.parametrize('num_workers', [0, 2])
def test_workers_share_the_work(cfg, num_workers, monkeypatch):
    cfg.train_dataloader.dataset.pipeline = [WorkerNumber()]
    cfg.train_dataloader.batch_size = 1
    loader = build_loader(cfg, 'train', num_workers, 2)
    found = [int(batch['inputs'][0][0, 0, 0, 0])
             for batch in islice(endless(loader), 4)]
    assert found == ([0, 1, 0, 1] if num_workers else [-1] * 4)
    # eight clips of two frames in four seconds
    seconds = iter([3, 7])
    monkeypatch.setattr(
        'ipmot_mm.benchmark.loader.time',
        SimpleNamespace(perf_counter=lambda: next(seconds)))
    assert measure_loader(loader, 8) == 4


def test_pillow_has_the_geometry_of_the_pipeline(cfg, tmp_path):
    x, y = np.meshgrid(np.arange(224), np.arange(128))
    img = np.stack([x, y * 2, x // 2 + y], -1).astype(np.uint8)
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, img)
    steps = [
        TRANSFORMS.build(step) for step in cfg.train_pipeline
        if step.type not in ('ClipHSV', 'FilterBoxes', 'PackClipInputs')
    ]
    info = dict(img_path=[path], gt_bboxes=[np.zeros((0, 4), np.float32)])
    for seed in range(10):
        with numpy_seed(seed):
            ours = Compose(steps)(info)['img'][0].render()
        with numpy_seed(seed):
            theirs = pillow_pipeline(Compose(steps), Stopwatch())(info)[0]
        assert theirs.size == ours.shape[1::-1]
        theirs = np.asarray(theirs)[..., ::-1].astype(int)  # RGB
        assert np.abs(theirs - ours)[4:-4, 4:-4].max() <= 6


def test_unknown_transforms_are_named():
    with pytest.raises(ValueError, match='knows no ClipReverse'):
        pillow_pipeline(
            Compose([TRANSFORMS.build(dict(type='ClipReverse'))]),
            Stopwatch())


def test_one_thread_puts_the_threads_back():
    before = cv2.getNumThreads(), torch.get_num_threads()
    with one_thread():
        assert cv2.getNumThreads() <= 1 and torch.get_num_threads() == 1
    assert (cv2.getNumThreads(), torch.get_num_threads()) == before


def test_loader_command_prints_and_writes(synthmot, tmp_path):
    out = tmp_path / 'out.json'
    done = run_tool(synthmot, 'loader', CONFIG, '--num-clips', 4,
                    '--num-workers', 0, 1, '--pillow', '--json', out,
                    '--cfg-options', 'train_dataloader.batch_size=2')
    assert done.returncode == 0, done.stderr
    text = done.stdout + done.stderr
    assert 'decode' in text and 'DataLoader, 1 workers' in text
    result = json.loads(out.read_text())
    assert set(result['loader']) == {'0', '1'}
    assert result['machine']['usable_cores'] >= 1
    assert result['machine']['versions']['opencv'] == cv2.__version__
    assert result['pillow']['ratio'] > 0


def test_feed_command_trains(synthmot, tmp_path):
    out = tmp_path / 'out.json'
    done = run_tool(synthmot, 'feed', CONFIG, '--num-iters', 2,
                    '--num-workers', 0, 2, '--json', out, '--cfg-options',
                    'train_dataloader.batch_size=1')
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())['feed']
    # Workers load while the model trains, which takes far longer.
    assert found['2']['wait_share'] < 0.5
    for numbers in (found['0'], found['2']):
        assert numbers['wait_share'] == pytest.approx(
            numbers['wait_ms'] / (numbers['wait_ms'] + numbers['train_ms']))
        assert numbers['train_ms'] > 1
        assert numbers['frames_per_second'] > 0


@pytest.mark.parametrize('args, message', [
    (('loader', 'gone.py'), 'error: config not found: gone.py'),
    (('feed', ROOT / 'configs/_base_/datasets/synthmot.py'),
     'error: The config has no model'),
    (('loader', CONFIG, '--cfg-options', 'train_dataloader=None'),
     'error: The config has no train_dataloader'),
])
def test_what_the_user_can_correct_is_one_line(cfg, args, message, capsys):
    spec = importlib.util.spec_from_file_location('benchmark_tool', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.main([*map(str, args)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith(message)
