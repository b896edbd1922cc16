"""All bad lines and all missing images, by line."""
import re
from pathlib import Path

from ipmot_mm.checks.crowdhuman_check import list_bad_lines
from ipmot_mm.checks.problems import ProblemLog
from ipmot_mm.datasets import CrowdHumanClipDataset


def problems_of(paths):
    """Kind and line number of every problem."""
    log = ProblemLog('crowdhuman')
    list_bad_lines(CrowdHumanClipDataset(**paths, lazy_init=True), log)
    return [(p.kind, int(re.search(r'line (\d+):', p.message)[1]))
            for p in log.kept]


def test_every_problem_has_its_line(make_crowdhuman):
    paths = make_crowdhuman(4)
    ann_file, images = Path(paths['ann_file']), Path(paths['image_dir'])
    assert problems_of(paths) == []
    lines = ann_file.read_text().splitlines()
    lines[1] = lines[1][:30]
    lines.append('{"ID": "im9", "gtboxes": [{"tag": "person"}]}')
    ann_file.write_text('\n'.join(lines))
    for number in (0, 3):
        (images / f'im{number}.jpg').unlink()
    assert problems_of(paths) == [('missing images', 1), ('bad rows', 2),
                                  ('missing images', 4), ('bad rows', 5)]


def test_missing_files_are_left_to_the_dataset(tmp_path):
    assert problems_of(
        dict(ann_file=str(tmp_path / 'a.odgt'), image_dir=str(tmp_path))) == []
