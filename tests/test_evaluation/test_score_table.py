"""Table for the terminal."""
from ipmot_mm.evaluation import format_score_table

SCORES = {
    'PETS09-S2L1-B': dict(HOTA=0.5, MOTA=-0.125, IDSW=3, FP=10, FN=12345),
    'COMBINED': dict(HOTA=1.0, MOTA=0.33333, IDSW=3, FP=10, FN=12345),
}


def test_table():
    assert format_score_table(SCORES).splitlines() == [
        '---------------------------------------------',
        'sequence         HOTA    MOTA  IDS  FP     FN',
        '---------------------------------------------',
        'PETS09-S2L1-B   50.00  -12.50    3  10  12345',
        '---------------------------------------------',
        'COMBINED       100.00   33.33    3  10  12345',
        '---------------------------------------------',
    ]


def test_only_combined():
    lines = format_score_table(SCORES, per_sequence=False).splitlines()
    assert len(lines) == 5
    assert not any('PETS' in line for line in lines)
    assert len(set(map(len, lines))) == 1


def test_rows_of_other_families():
    rows = dict(a=dict(MOTA=0.5, IDSW=1), b=dict(HOTA=0.25, MOTA=0.5, IDSW=2))
    for names in ('ab', 'ba'):
        table = format_score_table({name: rows[name] for name in names})
        lines = [line.split() for line in table.splitlines()]
        assert ['sequence', 'HOTA', 'MOTA', 'IDS'] in lines
        assert ['a', '-', '50.00', '1'] in lines
        assert ['b', '25.00', '50.00', '2'] in lines
