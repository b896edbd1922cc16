"""A line of the log that cannot be written ends no training."""
import json

from file_faults import full_disk
from mmengine.logging import MMLogger
from mmengine.visualization import LocalVisBackend


def test_full_disk_costs_the_line_only(tmp_path, monkeypatch):
    backend = LocalVisBackend(str(tmp_path))
    backend.add_scalars(dict(loss=3.0), step=1)
    file = next(tmp_path.glob('*.json'))
    backend._scalar_save_file = str(tmp_path)  # a folder cannot be written to
    warned = []
    monkeypatch.setattr(MMLogger.get_current_instance(), 'log',
                        lambda level, text: warned.append((level, text)))
    for step in (2, 3):
        backend.add_scalars(dict(loss=2.0), step=step)
    (level, text), = warned
    assert level == 30 and 'cannot be written (Is a directory)' in text
    backend._scalar_save_file = str(file)
    backend.add_scalars(dict(loss=1.0), step=4)
    steps = [json.loads(line)['step'] for line in file.open()]
    assert steps == [1, 4]


def test_log_file_on_a_full_disk_is_silent(tmp_path, capsys):
    logger = MMLogger(
        'full_disk', log_file=str(tmp_path / 'run.log'), log_level='INFO')
    file_handler = logger.handlers[-1]
    with full_disk(10):
        logger.info('a line that does not fit')
    logger.info('a line that does')
    file_handler.close()
    assert 'Logging error' not in capsys.readouterr().err
    assert 'a line that does' in (tmp_path / 'run.log').read_text()


def test_a_bug_in_a_line_is_still_shown(tmp_path, capsys):
    logger = MMLogger(
        'bug', log_file=str(tmp_path / 'run.log'), log_level='INFO')
    logger.info('%d', 'no number')
    assert 'TypeError' in capsys.readouterr().err
