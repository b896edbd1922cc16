"""CrowdHuman as a few images of noise."""
import json
from typing import Callable, Dict

import cv2
import numpy as np
import pytest


@pytest.fixture
def make_crowdhuman(tmp_path) -> Callable[[int], Dict[str, str]]:
    """``make_crowdhuman(num_images)``: arguments of the data set."""

    def make(num_images: int) -> Dict[str, str]:
        folder = tmp_path / 'Images'
        folder.mkdir()
        lines = []
        for number in range(num_images):
            img = np.random.default_rng(number).integers(
                0, 255, (40 + number, 60, 3), dtype=np.uint8)
            cv2.imwrite(str(folder / f'im{number}.jpg'), img)
            boxes = [
                dict(tag='person', fbox=[x, 5, 10, 25]) for x in (5, 30)
            ]
            lines.append(json.dumps(dict(ID=f'im{number}', gtboxes=boxes)))
        (tmp_path / 'val.odgt').write_text('\n'.join(lines))
        return dict(
            ann_file=str(tmp_path / 'val.odgt'), image_dir=str(folder))

    return make
