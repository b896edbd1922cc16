"""What fits a card, from a list of peaks."""
import pytest

from ipmot_mm.benchmark.memory_table import (Peak, fits, format_cards,
                                             format_peaks, largest)

GIB = 2**30
PEAKS = [
    Peak('nothing', 1, 2, 6 * GIB),
    Peak('nothing', 1, 4, 10 * GIB),
    Peak('nothing', 2, 2, 10 * GIB),
    Peak('nothing', 2, 4, 18 * GIB),
    Peak('encoder', 1, 2, 2 * GIB),
    Peak('encoder', 1, 4, 3 * GIB),
    Peak('encoder', 2, 2, 3 * GIB),
    Peak('encoder', 2, 4, 5 * GIB),
]


def test_a_reserve_is_left():
    # (8 - 1) / 1.1 = 6.36 GiB for tensors
    assert fits(int(6.36 * GIB), 8) and not fits(int(6.37 * GIB), 8)
    assert not fits(0, 0)


@pytest.mark.parametrize('card, level, expected', [
    (8, 'nothing', (1, 2)),
    (12, 'nothing', (1, 4)),  # rather than two clips of two
    (24, 'nothing', (2, 4)),
    (4, 'encoder', (1, 2)),
    (8, 'encoder', (2, 4)),
])
def test_most_frames_then_longest_clip(card, level, expected):
    assert largest(PEAKS, card, level)[1:3] == expected


def test_nothing_fits():
    assert largest(PEAKS, 4, 'nothing') is None
    assert largest(PEAKS, 80, 'decoder') is None


def test_tables():
    lines = format_peaks(PEAKS).splitlines()
    assert [line.split()[:2] for line in lines] == [
        ['1', 'clip,'], ['nothing', '6144'], ['encoder', '2048'],
        ['2', 'clips,'], ['nothing', '10240'], ['encoder', '3072']]
    assert lines[0].split()[-2:] == ['T=2', 'T=4']
    lines = format_cards([peak for peak in PEAKS if peak.level == 'nothing'])
    title, row = lines.splitlines()
    assert title.split() == ['fits,', 'recomputed', '8', 'GB', '12', 'GB',
                             '24', 'GB', '40', 'GB', '80', 'GB']
    assert row.split() == ['nothing', *'1 x T=2'.split(), *'1 x T=4'.split(),
                           *('2 x T=4'.split() * 3)]
    none = format_cards([Peak('nothing', 1, 2, 7 * GIB)]).splitlines()[1]
    assert none.split()[:2] == ['nothing', '-']
