"""One table out of several score files, and what is said of bad ones."""
import json
import subprocess
import sys
from pathlib import Path

TOOL = (
    Path(__file__).parents[2] / 'tools/analysis_tools/compare_scores.py')


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(TOOL), *arguments],
                          capture_output=True,
                          text=True,
                          check=False)


def write(path: Path, **scores: dict) -> Path:
    path.write_text(json.dumps(scores), encoding='utf-8')
    return path


def test_a_row_for_each_test(tmp_path: Path) -> None:
    street = write(tmp_path / 'a.json', COMBINED=dict(HOTA=0.5, IDSW=3))
    crowd = write(tmp_path / 'b.json', COMBINED=dict(HOTA=0.25, IDSW=9))
    result = run(f'street={street}', f'crowd={crowd}')
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ['street', '50.00', '3'] in rows
    assert ['crowd', '25.00', '9'] in rows


def test_bad_input_gets_one_line(tmp_path: Path) -> None:
    empty = write(tmp_path / 'c.json')
    whole = write(tmp_path / 'd.json', COMBINED=dict(HOTA=0.5))
    cut = tmp_path / 'e.json'
    cut.write_text('{"COMBINED": {"HO')
    for arguments, text in (([str(empty)], 'expected NAME=FILE'),
                            ([f'a={empty}'], 'no scores over all sequences'),
                            ([f'a={cut}'], 'e.json: no scores over all'),
                            (['a=missing.json'], 'missing.json'),
                            ([f'a={whole}'] * 2, 'a names two files')):
        result = run(*arguments)
        assert result.returncode == 2
        assert text in result.stderr and 'Traceback' not in result.stderr
