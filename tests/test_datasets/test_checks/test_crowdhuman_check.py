"""All bad lines and all missing images, by line."""
from pathlib import Path

from ipmot_mm.datasets.checks.crowdhuman_check import list_bad_lines
from ipmot_mm.datasets.checks.problems import ProblemLog


def test_every_problem_has_its_line(make_crowdhuman):
    paths = make_crowdhuman(4)
    ann_file, images = Path(paths['ann_file']), Path(paths['image_dir'])
    log = ProblemLog('crowdhuman')
    list_bad_lines(str(ann_file), str(images), log)
    assert log.kept == []
    lines = ann_file.read_text().splitlines()
    lines[1] = lines[1][:30]
    lines.append('{"ID": "im9", "gtboxes": [{"tag": "person"}]}')
    ann_file.write_text('\n'.join(lines))
    for number in (0, 3):
        (images / f'im{number}.jpg').unlink()
    list_bad_lines(str(ann_file), str(images), log)
    assert [(p.kind, p.message.split(':')[0]) for p in log.kept] == [
        ('missing images', 'val.odgt, line 1'),
        ('bad rows', 'val.odgt, line 2'),
        ('missing images', 'val.odgt, line 4'),
        ('bad rows', 'val.odgt, line 5'),
    ]


def test_missing_files_are_left_to_the_dataset(tmp_path):
    log = ProblemLog('crowdhuman')
    list_bad_lines(str(tmp_path / 'a.odgt'), str(tmp_path), log)
    assert log.kept == []
