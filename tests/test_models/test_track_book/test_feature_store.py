"""Vectors on the disk outlive kills, other data and full disks."""
import json
import threading

import numpy as np
import pytest

from ipmot_mm.atomic_files import NotWrittenError
from ipmot_mm.models.track_book import feature_store
from ipmot_mm.models.track_book.feature_store import FeatureStore

DIMS = 3
VECTORS = np.arange(30, dtype=np.float32).reshape(10, DIMS) / 7


def make_store(folder, contents='a', num_vectors=10):
    return FeatureStore(
        str(folder / 'features'),
        contents=dict(data=contents, size=(64, 32)),
        num_vectors=num_vectors,
        dims=DIMS)


def write(store, start=0, end=10, fail=None):
    with store.locked(), store.writing() as num_done:
        assert num_done == start
        for row in range(start, end):
            store.append(VECTORS[row:row + 1])
        if fail is not None:
            raise fail


def test_what_was_written_is_read(tmp_path):
    store = make_store(tmp_path)
    assert store.num_done == 0 and not store.is_complete
    write(store)
    again = make_store(tmp_path)
    assert again.is_complete
    assert isinstance(again.read(), np.memmap)
    assert np.array_equal(again.read(), VECTORS.astype(np.float16))
    assert not again.read().flags.writeable


def test_an_error_leaves_a_beginning_to_go_on_from(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write(make_store(tmp_path), end=4, fail=KeyboardInterrupt())
    store = make_store(tmp_path)
    assert store.num_done == 4 and not store.is_complete
    with pytest.raises(FileNotFoundError, match='a folder that all nodes'):
        store.read()
    write(store, start=4)
    assert np.array_equal(store.read(), VECTORS.astype(np.float16))


def test_what_a_kill_left_behind_the_last_commit_is_dropped(tmp_path):
    write(make_store(tmp_path), end=4)
    with open(make_store(tmp_path).path, 'ab') as file:
        file.write(b'garbage')
    store = make_store(tmp_path)
    write(store, start=4)
    assert np.array_equal(store.read(), VECTORS.astype(np.float16))


@pytest.mark.parametrize('harm', ('contents', 'state', 'missing', 'short'))
def test_what_is_no_longer_right_counts_as_empty(tmp_path, harm):
    write(make_store(tmp_path))
    store = make_store(tmp_path, 'b' if harm == 'contents' else 'a')
    folder = tmp_path / 'features'
    if harm == 'state':
        (folder / 'state.json').write_text('{"num_done": 10')
    elif harm == 'missing':
        (folder / 'features.bin').unlink()
    elif harm == 'short':
        (folder / 'features.bin').write_bytes(b'1234')
    assert store.num_done == 0 and not store.is_complete
    write(store)
    assert np.array_equal(store.read(), VECTORS.astype(np.float16))


def test_a_reader_keeps_what_is_replaced(tmp_path):
    write(make_store(tmp_path))
    mapped = make_store(tmp_path).read()
    store = make_store(tmp_path, 'b')
    with store.locked(), store.writing():
        store.append(VECTORS[::-1])
    assert np.array_equal(mapped, VECTORS.astype(np.float16))
    assert np.array_equal(store.read(), VECTORS[::-1].astype(np.float16))


def test_state_is_written_after_the_vectors(tmp_path, monkeypatch):
    """A state that promises more than the disk holds would be a lie."""
    store, sizes = make_store(tmp_path), []

    def look(path, content):
        with open(store.path, 'rb') as file:
            sizes.append((json.loads(content)['num_done'], len(file.read())))

    monkeypatch.setattr(feature_store, 'write_atomically', look)
    with store.locked(), store.writing():
        store.append(VECTORS[:4])
        store.commit()
        store.append(VECTORS[4:])
    assert sizes == [(4, 4 * DIMS * 2), (10, 10 * DIMS * 2)]


def test_full_disk_is_named(tmp_path):
    store = make_store(tmp_path)
    with pytest.raises(
            NotWrittenError, match='No space left.*0 MiB.*feature_dir'):
        with store.locked(), store.writing():
            store._file.close()
            store._file = open('/dev/full', 'wb', buffering=0)
            store.append(VECTORS)
    assert make_store(tmp_path).num_done == 0


def test_no_vector_is_complete_too(tmp_path):
    store = make_store(tmp_path, num_vectors=0)
    assert not store.is_complete
    write(store, end=0)
    assert store.is_complete and store.read().shape == (0, DIMS)


def test_two_processes_write_one_after_the_other(tmp_path, monkeypatch):
    """Locks of one file opened twice exclude each other, too."""
    pytest.importorskip('fcntl')
    lines, order = [], []
    waiting = threading.Event()

    def note(text, **kwargs):
        lines.append(text)
        waiting.set()

    monkeypatch.setattr(feature_store, 'print_log', note)

    def second():
        with make_store(tmp_path).locked():
            order.append('second')

    thread = threading.Thread(target=second)
    with make_store(tmp_path).locked():
        thread.start()
        assert waiting.wait(10)
        order.append('first')
    thread.join(10)
    assert order == ['first', 'second']
    assert len(lines) == 1 and 'Another process writes to' in lines[0]
