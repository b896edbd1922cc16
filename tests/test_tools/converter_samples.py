"""Tiny inputs for the converters, and their output read back."""
import runpy
from pathlib import Path

import cv2
import numpy as np

from ipmot_mm.datasets import MOTClipDataset

TOOLS = Path(__file__).parents[2] / 'tools' / 'dataset_converters'
WIDTH, HEIGHT = 64, 48


def run_tool(name, *argv):
    """Exit code of a converter, run in this process."""
    main = runpy.run_path(str(TOOLS / f'{name}.py'))['main']
    return main([str(argument) for argument in argv])


def write_images(folder, names, size=(WIDTH, HEIGHT)):
    """Grey images; the k-th one, from 1, has the grey value 20 * k."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, name in enumerate(names, start=1):
        image = np.full((size[1], size[0], 3), 20 * k, np.uint8)
        assert cv2.imwrite(str(folder / name), image)
    return folder


def write_video(path, num_frames, fps=12):
    """A video of grey frames, as :func:`write_images` makes them."""
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter_fourcc(*'mp4v'), fps, (WIDTH, HEIGHT))
    for k in range(1, num_frames + 1):
        writer.write(np.full((HEIGHT, WIDTH, 3), 20 * k, np.uint8))
    writer.release()
    return path


def grey_values(sequence):
    """Rounded grey value of each frame divided by 20, in order."""
    paths = sorted((sequence / 'img1').iterdir())
    return [round(cv2.imread(str(path)).mean() / 20) for path in paths]


def gt_lines(sequence):
    return (sequence / 'gt' / 'gt.txt').read_text().splitlines()


def read_clip(root, **kwargs):
    """First video of the data set: ids and boxes of each frame."""
    clip = MOTClipDataset(
        data_root=str(root), dataset_name='own', **kwargs)
    info = clip.get_data_info((0, clip.video_offsets[1], 1))
    return ([ids.tolist() for ids in info['gt_instances_ids']],
            [boxes.tolist() for boxes in info['gt_bboxes']])
