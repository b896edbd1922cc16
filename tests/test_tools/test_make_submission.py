"""The command that packs results for a server, as a user calls it."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ipmot_mm.evaluation import SERVER_FORMATS

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / 'tools' / 'analysis_tools' / 'make_submission.py'


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(TOOL), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ, PYTHONPATH=str(ROOT)))


@pytest.fixture
def results(tmp_path):
    """Empty results of all test videos of MOT20."""
    for video in SERVER_FORMATS['MOT20'].test:
        (tmp_path / f'{video}.txt').touch()
    return tmp_path


def test_pack_then_check(results):
    target = results / 'mot20.zip'
    done = run(results, '--benchmark', 'MOT20', '--out', target)
    assert done.returncode == 0 and f'{target}: written' in done.stdout
    assert 'no results of the training videos' in done.stdout + done.stderr
    done = run('--check', target, '--benchmark', 'MOT20')
    assert done.returncode == 0 and 'no problem found' in done.stdout


def test_what_the_user_can_correct(results):
    done = run(results, '--benchmark', 'DanceTrack', '--out', 'x.zip')
    assert done.returncode == 2
    assert done.stderr.startswith('error: ') and '35 problem(s)' in done.stderr
    done = run('--check', results / 'none.zip', '--benchmark', 'MOT20')
    assert done.returncode == 2 and 'is missing' in done.stderr
    assert 'Traceback' not in done.stderr
    done = run(results, '--benchmark', 'MOT20')
    assert done.returncode == 2 and 'or --check FILE.zip' in done.stderr
