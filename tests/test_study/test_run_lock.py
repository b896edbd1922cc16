"""Who comes second is told."""
from ipmot_mm.study.run_lock import RunLock


def test_one_at_a_time(tmp_path):
    folder = tmp_path / 'run'
    with RunLock(folder) as first:
        assert first.taken
        with RunLock(folder) as second:
            assert not second.taken
    with RunLock(folder) as third:
        assert third.taken
