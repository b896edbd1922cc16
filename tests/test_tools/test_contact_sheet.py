"""The picture shows first and last frames of every video."""
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

TOOL = Path(__file__).parents[2] / 'tools/analysis_tools/contact_sheet.py'


def write_frames(folder: Path, values) -> Path:
    folder.mkdir()
    for number, value in enumerate(values, 1):
        image = np.full((8, 16, 3), value, np.uint8)
        cv2.imwrite(str(folder / f'{number:06d}.png'), image)
    return folder


def test_rows_are_videos_and_columns_are_times(tmp_path: Path) -> None:
    first = write_frames(tmp_path / 'a', [10, 20, 30])
    second = write_frames(tmp_path / 'b', [40, 50, 60])
    out = tmp_path / 'sheet.png'
    subprocess.run([
        sys.executable,
        str(TOOL),
        str(first),
        str(second), '--out',
        str(out), '--frames', '2'
    ], check=True)
    sheet = cv2.imread(str(out))[:, :, 0]
    assert sheet.shape == (16, 32)
    assert sheet[::8, ::16].tolist() == [[10, 30], [40, 60]]


def test_bad_input_gets_one_line(tmp_path: Path) -> None:
    video = write_frames(tmp_path / 'a', [10, 20])
    for arguments, text in ((['--out', 'a.xyz'], "'a.xyz' cannot be written"),
                            (['--out', 'a.png', '--frames', '0'],
                             'expected 1 or more, got 0')):
        result = subprocess.run(
            [sys.executable, str(TOOL), str(video), *arguments],
            capture_output=True, text=True, check=False)
        assert result.returncode == 2
        assert text in result.stderr and 'Traceback' not in result.stderr
