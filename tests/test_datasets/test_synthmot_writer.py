"""SynthMOT on disk: layout, bytes, resuming."""
import hashlib
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from ipmot_mm.datasets.synthmot import (generate_sequence, read_persons,
                                        write_synthmot)
from ipmot_mm.datasets.synthmot import writer as writer_module

SMALL = dict(
    num_train=1, num_val=1, num_frames=3, size=(96, 64), progress=False)


def tree_hashes(root: Path) -> dict:
    """SHA-1 of each file below a folder."""
    return {
        str(path.relative_to(root)):
        hashlib.sha1(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob('*')) if path.is_file()
    }


def test_same_seed_same_bytes_with_any_number_of_workers(tmp_path):
    for workers in (0, 2):
        write_synthmot(tmp_path / str(workers), num_workers=workers, **SMALL)
    alone, pooled = (tree_hashes(tmp_path / name) for name in '02')
    assert len(alone) == 3 * 2 * (3 + 4)  # 3 frames, gt, ini, persons, stamp
    assert alone == pooled
    jpgs = [v for k, v in alone.items() if k.endswith('.jpg')]
    assert len(set(jpgs)) == len(jpgs)


def test_captions_name_what_is_drawn(tmp_path):
    folders = write_synthmot(tmp_path, ['street'], **SMALL)
    persons = read_persons(folders[0])
    rows = np.loadtxt(folders[0] / 'gt' / 'gt.txt', delimiter=',', ndmin=2)
    assert set(persons) == set(rows[:, 1].astype(int))
    for person in persons.values():
        text = person['caption']
        assert person['top_color'] in text and person['bottom'] in text
        assert (person['bag'] or 'carrying') in text or not person['bag']
        assert ('wearing' in text) == bool(person['hat'])
    with pytest.raises(FileNotFoundError, match='persons.json is missing'):
        read_persons(tmp_path)


def test_written_sequences_are_kept_until_a_parameter_changes(tmp_path):
    folder = write_synthmot(tmp_path, ['crowd'], **SMALL)[0]
    before = folder.stat().st_ino
    write_synthmot(tmp_path, ['crowd'], **SMALL)
    assert folder.stat().st_ino == before
    write_synthmot(tmp_path, ['crowd'], seed=1, **SMALL)
    assert folder.stat().st_ino != before
    fewer = dict(SMALL, num_val=0)
    assert len(write_synthmot(tmp_path, ['crowd'], seed=1, **fewer)) == 1
    assert not list(tmp_path.glob('crowd/val/*'))


def test_a_broken_run_leaves_no_half_sequence(tmp_path, monkeypatch):
    def full_disk(*args, **kwargs):
        original(*args, **kwargs)
        raise OSError('disk full')

    original = writer_module.write_sequence
    monkeypatch.setattr(writer_module, 'write_sequence', full_disk)
    with pytest.raises(OSError, match='disk full'):
        write_synthmot(tmp_path, ['street'], **SMALL)
    assert [p for p in tmp_path.rglob('*') if p.is_file()] == []


def test_a_folder_of_somebody_else_is_not_touched(tmp_path):
    own = tmp_path / 'street' / 'train' / 'Street-01'
    own.mkdir(parents=True)
    with pytest.raises(FileExistsError, match='move it away'):
        write_synthmot(tmp_path, ['street'], **SMALL)
    assert own.is_dir()


def test_negative_numbers_are_named(tmp_path):
    with pytest.raises(ValueError, match='must not be negative, got -1'):
        write_synthmot(tmp_path, seed=-1)


def test_command_writes_and_refuses(tmp_path, monkeypatch, capsys):
    tools = Path(__file__).parents[2] / 'tools' / 'dataset_converters'
    main = runpy.run_path(str(tools / 'make_synthmot.py'))['main']
    call = ['tool', str(tmp_path), '--num-train', '1', '--num-val', '0',
            '--num-frames', '2', '--num-workers', '0', '--domains']
    monkeypatch.setattr(sys, 'argv', call + ['dance'])
    assert main() == 0
    info = tmp_path / 'dance' / 'train' / 'Dance-01' / 'seqinfo.ini'
    assert 'seqLength=2' in info.read_text()
    monkeypatch.setattr(sys, 'argv', call + ['moon'])
    assert main() == 2
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith(
        "error: unknown SynthMOT domain 'moon'")


def test_command_derives_domains(tmp_path, monkeypatch, capsys):
    tools = Path(__file__).parents[2] / 'tools' / 'dataset_converters'
    main = runpy.run_path(str(tools / 'make_synthmot.py'))['main']
    call = ['tool', str(tmp_path), '--num-train', '0', '--num-val', '1',
            '--num-frames', '2', '--num-workers', '0', '--size', '64', '48']
    turn = ['--dial', 'uniform=0.5', 'occluders=[4,6]', '--domains']
    for rest in ([*turn, 'street', 'crowd'],
                 [*turn, 'street', '--name', 'hard', '--frame-step', '3']):
        monkeypatch.setattr(sys, 'argv', call + rest)
        assert main() == 0
    stem = 'uniform-0.5-occluders-4-6'
    assert {path.name for path in tmp_path.iterdir()} == {
        f'street-{stem}', f'crowd-{stem}', 'hard'}
    info = tmp_path / 'hard' / 'val' / 'Hard-01' / 'seqinfo.ini'
    assert 'frameRate=5' in info.read_text()
    monkeypatch.setattr(sys, 'argv', call + [*turn, 'street', 'crowd',
                                             '--name', 'hard'])
    assert main() == 2
    assert '--name names one domain' in capsys.readouterr().err


def test_later_dials_leave_older_stamps_valid(tmp_path):
    """A folder of the version before `scenes` and `frame_step` is kept."""
    folder = write_synthmot(tmp_path, ['street'], **SMALL)[0]
    text = (folder / 'synthmot.json').read_text()
    assert 'scenes' not in text and 'frame_step' not in text
    slow = write_synthmot(tmp_path, ['street'], frame_step=2, **SMALL)[0]
    assert '"frame_step": 2' in (slow / 'synthmot.json').read_text()


def test_bytes_of_the_domains_are_those_of_the_first_version():
    """Figures in the docs depend on them; raise the version to change them.

    Sums of pixels and boxes: they hold for other versions of OpenCV too, up
    to the rounding of some pixels.
    """
    expected = dict(
        street=(129.547, 6849.7),
        crowd=(68.214, 11990.7),
        dance=(54.827, 6880.0))
    for name, (pixels, boxes) in expected.items():
        frames, rows = generate_sequence(name, (0, 0, 1), 4)
        assert frames.mean() == pytest.approx(pixels, abs=0.02)
        assert rows[:, 2:6].sum() == pytest.approx(boxes, abs=2)
