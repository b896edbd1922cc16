"""Files that are whole or not there, whatever happens while writing."""
import os
import signal
from pathlib import Path

import pytest
from file_faults import LARGE, full_disk, in_child

from ipmot_mm.atomic_files import (NotWrittenError, discard, find_abandoned,
                                   write_atomically)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / 'notes'
    write_atomically(path, 'old')
    return path


def is_unchanged(path):
    return path.read_text() == 'old' and os.listdir(path.parent) == ['notes']


def test_text_and_bytes_are_written_as_they_are(tmp_path):
    write_atomically(tmp_path / 'a', 'ü\r\n\n')
    write_atomically(str(tmp_path / 'b'), b'\xfc\n')
    assert (tmp_path / 'a').read_bytes() == 'ü\r\n\n'.encode()
    assert (tmp_path / 'b').read_bytes() == b'\xfc\n'


def test_a_file_is_replaced_and_as_readable_as_others(saved):
    other = saved.parent / 'other'
    other.touch()
    write_atomically(saved, lambda file: file.write(b'new'))
    assert saved.read_text() == 'new'
    assert saved.stat().st_mode == other.stat().st_mode
    assert sorted(os.listdir(saved.parent)) == ['notes', 'other']


def test_folders_are_made_and_a_bare_name_is_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_atomically('a/b/c', '')
    write_atomically('d', '')
    assert Path('a/b/c').is_file() and Path('d').is_file()


def test_full_disk_keeps_the_old_file(saved):
    with full_disk(), pytest.raises(
            NotWrittenError,
            match=r'notes was not written \(File too large\); free space or '
            'correct the folder and its permissions$'):
        write_atomically(saved, b'x' * LARGE)
    assert is_unchanged(saved)


def test_disk_that_is_full_at_the_very_end(saved):
    """The last bytes leave the buffer of the file when it is closed."""
    with full_disk(100), pytest.raises(NotWrittenError, match='too large'):
        write_atomically(saved, b'x' * 200)
    assert is_unchanged(saved)


def test_other_errors_are_not_taken_for_a_full_disk(saved):
    with pytest.raises(KeyboardInterrupt):
        write_atomically(saved, interrupt)
    assert is_unchanged(saved)


def interrupt(file):
    file.write(b'half')
    raise KeyboardInterrupt


def test_folder_that_is_a_file(saved):
    with pytest.raises(NotWrittenError, match='permissions'):
        write_atomically(saved / 'a', '')


def test_kill_while_writing_leaves_one_that_is_found(saved):

    def die(file):
        file.write(b'x' * LARGE)
        os.kill(os.getpid(), signal.SIGKILL)

    status = in_child(lambda: write_atomically(saved, die))
    assert status == -signal.SIGKILL
    left, = find_abandoned(str(saved.parent))
    assert saved.read_text() == 'old' and Path(left).stat().st_size > 0
    for _ in range(2):  # the second time it is not there
        discard(left)
    assert is_unchanged(saved)


def test_what_is_being_written_is_not_abandoned(saved):

    def look(file):
        assert len(os.listdir(saved.parent)) == 2
        assert find_abandoned(str(saved.parent)) == []

    write_atomically(saved, look)
    # names of others are not ours
    (saved.parent / 'notes.writing-now').touch()
    assert find_abandoned(str(saved.parent)) == []
    assert find_abandoned(str(saved.parent / 'missing')) == []
