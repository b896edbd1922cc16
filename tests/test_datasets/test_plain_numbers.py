"""The fast reader against Python's floats and against the careful reader."""
import numpy as np
import pytest
from fuzzing import on_a_line, put

from ipmot_mm.datasets import plain_numbers, read_mot_table
from ipmot_mm.datasets.plain_numbers import read_plain_numbers

CELLS = ('-0', '007', '.5', '-.5', '5.', '123456789012345678901234567890',
         '0.1234567890123456789', '-0.3000000000000000166', '2.675')


@pytest.fixture
def any_size(monkeypatch):
    """Short texts too."""
    monkeypatch.setattr(plain_numbers, '_MIN_BYTES', 0)


def rows_of_text(random, num_rows):
    """Boxes of the kind that trackers write."""
    rows = [[frame, 1 + k, *random.normal(500, 300, 4).round(3), 1, -1, -1]
            for frame in range(1, 1 + num_rows) for k in range(3)]
    return '\n'.join(','.join(f'{v:g}' if k < 2 else repr(float(v))
                              for k, v in enumerate(row)) for row in rows)


@pytest.mark.parametrize('end', ['', '\n'])
def test_each_number_is_the_nearest(end, any_size):
    random = np.random.default_rng(0)
    digits = [f'{random.integers(10**17)}.{random.integers(10**17)}'[
        -random.integers(1, 34):] for _ in range(600)]
    cells = [*CELLS, *(cell for cell in digits if cell.strip('.'))]
    cells = cells[:len(cells) // 3 * 3]
    text = '\n'.join(','.join(cells[k:k + 3])
                     for k in range(0, len(cells), 3)) + end
    found = read_plain_numbers(text.encode())
    assert found.shape == (len(cells) // 3, 3) and found.dtype == np.float64
    assert found.ravel().tolist() == [float(cell) for cell in cells]


@pytest.mark.parametrize('cell', [
    '', '-', '.', '-.', '--1', '1-2', '1.2.3', '1.-2', '1_0', '1e5', 'nan',
    '+1', ' 1', '1 2', '0x10', '1,2', '1\n2', '1\r', '\ufeff1', '١'])
@pytest.mark.parametrize('column', range(3))
def test_all_else_is_left_to_the_careful_reader(cell, column, any_size):
    cells = ['4', '5', '6']
    cells[column] = cell
    for row in (0, 1, 2):
        lines = ['1,2,3', '7,8,9']
        lines.insert(row, ','.join(cells))
        assert read_plain_numbers('\n'.join(lines).encode()) is None


@on_a_line
def insert(random, line):
    """One more piece of a number, or between numbers."""
    return put(random, line, str(random.choice([*'0.-, \n\r7e', '1,', '-1'])))


def outcome(path):
    """What the reader of tables says of a file."""
    try:
        table = read_mot_table(str(path), allow_empty=True)
    except ValueError as error:
        return str(error)
    return (table.path, table.values.tolist(), table.line_numbers.tolist(),
            table.line_numbers.dtype)


def test_tables_and_errors_are_the_same(tmp_path, monkeypatch):
    random = np.random.default_rng(1)
    path = tmp_path / 'a.txt'
    kinds = set()
    for number in range(400):
        text = rows_of_text(random, 3)
        if number % 4:
            text = insert(random, text)
        path.write_bytes(text.encode())
        monkeypatch.setattr(plain_numbers, '_MIN_BYTES', 0)
        got = outcome(path)
        fast = read_plain_numbers(path.read_bytes()) is not None
        monkeypatch.setattr(plain_numbers, '_MIN_BYTES', 2**30)
        assert got == outcome(path)
        kinds.add((fast, isinstance(got, str)))
    assert len(kinds) == 4


def test_long_files_are_read_fast_if_scipy_can(tmp_path, monkeypatch):
    data = rows_of_text(np.random.default_rng(2), 1000).encode()
    assert read_plain_numbers(data).shape == (3000, 9)
    assert read_plain_numbers(data[:1000]) is None
    monkeypatch.setattr(plain_numbers, '_HAS_FAST_READER', False)
    assert read_plain_numbers(data) is None
