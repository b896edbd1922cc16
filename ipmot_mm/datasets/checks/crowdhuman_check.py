"""Every bad line and missing image of CrowdHuman, not only the first."""
import json
import os

from .problems import ProblemLog


def list_bad_lines(ann_file: str, image_dir: str, log: ProblemLog) -> None:
    """Go through annotations that :obj:`CrowdHumanClipDataset` refused.

    Args:
        ann_file (str): Annotations, one JSON object a line (``.odgt``).
        image_dir (str): Folder of the images ``<ID>.jpg``.
        log (:obj:`ProblemLog`): Gets a problem for each line that is no
            record and for each image that is missing.
    """
    if not os.path.isfile(ann_file) or not os.path.isdir(image_dir):
        return
    present = set(os.listdir(image_dir))
    with open(ann_file, encoding='utf-8-sig', errors='replace') as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            place = f'{os.path.basename(ann_file)}, line {number}'
            try:
                record = json.loads(line)
                name = f'{record["ID"]}.jpg'
                for box in record['gtboxes']:
                    if box['tag'] == 'person':
                        _x, _y, _w, _h = map(float, box['fbox'])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                log.error(
                    'bad rows', f'{place}: not a record with ID and gtboxes '
                    f'({type(error).__name__}), got "{line.strip()[:60]}"')
                continue
            if name not in present:
                log.error('missing images',
                          f'{place}: no "{os.path.join(image_dir, name)}"')
