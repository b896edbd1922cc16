"""Every bad line and missing image of CrowdHuman, not only the first."""
import os
from collections import Counter

from ipmot_mm.datasets import CrowdHumanClipDataset

from .problems import ProblemLog


def list_bad_lines(dataset: CrowdHumanClipDataset, log: ProblemLog) -> None:
    """Go through annotations that the data set refused.

    Args:
        dataset (:obj:`CrowdHumanClipDataset`): Names the files; has not read
            them.
        log (:obj:`ProblemLog`): Gets a problem for each line that is no
            record and for each image that is missing.
    """
    ann_file, image_dir = dataset.ann_file, dataset.image_dir
    if not os.path.isfile(ann_file) or not os.path.isdir(image_dir):
        return
    present = set(os.listdir(image_dir))
    with open(ann_file, encoding='utf-8-sig', errors='replace') as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                name, _ = dataset.parse_line(number, line, Counter())
            except ValueError as error:
                log.error('bad rows', str(error))
                continue
            if f'{name}.jpg' not in present:
                log.error(
                    'missing images', f'line {number}: no '
                    f'"{os.path.join(image_dir, name)}.jpg"')
