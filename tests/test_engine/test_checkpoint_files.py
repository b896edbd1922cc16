"""Notes beside the checkpoints of a training."""
import pytest
from file_faults import full_disk

from ipmot_mm.atomic_files import NotWrittenError
from ipmot_mm.engine import checkpoint_files
from ipmot_mm.engine.checkpoint_files import (point_to, read_pointer,
                                              remove_unfinished,
                                              report_unwritten)


@pytest.fixture
def lines(monkeypatch):
    """What is logged: texts and levels."""
    logged = []
    monkeypatch.setattr(
        checkpoint_files, 'print_log', lambda text, logger, level=20: logged.
        append((text, level)))
    return logged


def test_only_what_a_killed_run_left_is_removed(tmp_path, lines):
    names = ['epoch_1.pth', 'epoch_2.pth.writing-0a1b2c3d', 'a.writing-now']
    for name in names:
        (tmp_path / name).touch()
    remove_unfinished(str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {names[0], names[2]}
    (text, _), = lines
    assert text == f'removing {tmp_path / names[1]}, which a killed run left'
    remove_unfinished(str(tmp_path / 'missing'))


def test_pointer(tmp_path):
    assert read_pointer(str(tmp_path)) is None
    point_to(str(tmp_path), 'w/epoch_1.pth')
    # as mmengine reads it
    assert (tmp_path / 'last_checkpoint').read_text() == 'w/epoch_1.pth'
    with full_disk(3), pytest.raises(NotWrittenError):
        point_to(str(tmp_path), 'w/epoch_2.pth')
    assert read_pointer(str(tmp_path)) == 'w/epoch_1.pth'
    (tmp_path / 'last_checkpoint').write_text('\n')
    assert read_pointer(str(tmp_path)) is None


def test_report_names_the_last_good_one(tmp_path, lines):
    error = NotWrittenError('a was not written')
    report_unwritten(error, str(tmp_path))
    point_to(str(tmp_path), 'w/epoch_1.pth')
    report_unwritten(error, str(tmp_path))
    (first, level), (second, _) = lines
    assert first.startswith('a was not written. The training goes on')
    assert first.endswith('none') and level == 40
    assert second.endswith('is w/epoch_1.pth')
