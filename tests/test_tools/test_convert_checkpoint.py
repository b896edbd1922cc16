"""Checkpoints of other projects become files for ``load_from``."""
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

sys.path.insert(
    0, str(Path(__file__).resolve().parents[1] / 'test_checkpoint_layouts'))
from layout_models import memory_updater, tracker_cfg  # noqa: E402
from official_state import random_state_dict, two_stage  # noqa: E402
from other_states import memotr_state  # noqa: E402

TOOL = 'model_converters/convert_checkpoint.py'


@pytest.fixture
def source(tmp_path):
    """File of a DAB-Deformable-DETR, as its project writes it."""
    state = random_state_dict('dab')
    path = tmp_path / 'official.pth'
    torch.save(dict(model=state, args=Namespace(lr=1e-4)), path)
    return path, state


def write_config(path, kind='dab', **changes):
    Config(dict(model=tracker_cfg(kind, **changes))).dump(path)
    return path


def test_what_is_written_and_said(call, source, tmp_path):
    path, state = source
    code, out, err = call(path, tmp_path / 'new.pth')
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0].startswith('layout dab: it asks for detector.type DAB')
    assert lines[1] == ('dropped: 18 (stored twice, and taken from the other '
                        'place)')
    written = torch.load(tmp_path / 'new.pth')
    assert list(written) == ['state_dict']
    weights = written['state_dict']
    assert lines[2] == f'{tmp_path / "new.pth"}: {len(weights)} tensors'
    assert weights['detector.query_content.weight'].equal(
        state['tgt_embed.weight'])


def test_config_lists_what_is_learned_anew(call, source, tmp_path):
    config = write_config(tmp_path / 'tiny.py')
    code, out, err = call(source[0], tmp_path / 'new.pth', '--config', config)
    assert code == 0, err
    assert 'learned anew: ' in out and '(carries tracks from frame' in out
    config = write_config(tmp_path / 'other.py', num_queries=6)
    code, _, err = call(source[0], tmp_path / 'no.pth', '--config', config)
    assert code == 2 and 'it asks for detector.type DAB' in err
    code, out, err = call(source[0], tmp_path / 'no.pth', '--config', config,
                          '--num-queries', 6)
    assert code == 0 and 'note: detector.query_content.weight: 5 of 5' in out


def test_memotr_with_its_updater(call, tmp_path):
    torch.save(dict(model=memotr_state('dab'), states={}), tmp_path / 'a.pth')
    config = write_config(
        tmp_path / 'tiny.py', updater=memory_updater(), dedup=None)
    code, out, err = call(
        tmp_path / 'a.pth', tmp_path / 'b.pth', '--config', config)
    assert code == 0, err
    assert 'layout memotr: ' in out
    assert 'updater.type MemoryQueryUpdater with feedforward_ch' in out


def test_notes_and_classes(call, tmp_path):
    state = two_stage(random_state_dict('deformable', classes=7))
    torch.save(state, tmp_path / 'a.pth')
    code, _, err = call(tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert code == 2 and 'give them with --class-rows' in err
    assert not (tmp_path / 'b.pth').exists()
    code, out, _ = call(tmp_path / 'a.pth', tmp_path / 'b.pth', '--class-rows',
                        6, 2)
    assert code == 0 and 'note: a two-stage detector' in out
    assert 'num_classes=2' in out


def test_files_that_cannot_be_converted(call, source, tmp_path):
    out = tmp_path / 'new.pth'
    code, _, err = call(tmp_path / 'none.pth', out)
    assert code == 2 and err.startswith('error: checkpoint not found')
    code, _, err = call(source[0], out, '--layout', 'mmdet')
    assert code == 2 and 'the layout "mmdet" does not know' in err
    torch.save({'input_proj.weight': torch.ones(1)}, tmp_path / 'detr.pth')
    code, _, err = call(tmp_path / 'detr.pth', out)
    assert code == 2 and 'no known layout' in err
    assert not out.exists()


def test_code_in_a_file_is_not_run(call, tmp_path):

    class Evil:

        def __reduce__(self):
            return (exec, (f'open({str(tmp_path / "ran")!r}, "w")', ))

    torch.save(dict(model=Evil()), tmp_path / 'evil.pth')
    code, _, err = call(tmp_path / 'evil.pth', tmp_path / 'new.pth')
    assert code == 2 and 'would execute code' in err
    assert not (tmp_path / 'ran').exists()


def test_as_a_command(source, tmp_path):
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, root / 'tools' / TOOL, source[0], tmp_path / 'b.pth'],
        capture_output=True,
        text=True,
        env=dict(PYTHONPATH=str(root), PATH=''))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'b.pth').is_file()
