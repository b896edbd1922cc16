"""Figures as pictures, and pictures as files."""
from pathlib import Path
from typing import Any, Union

import cv2
import numpy as np
from numpy import ndarray

from ipmot_mm.atomic_files import write_atomically

DPI = 150


def check_picture_name(path: Union[str, Path]) -> None:
    """Find out before the work whether a picture can be written so.

    Args:
        path (str | Path): Where it is to go.

    Raises:
        ValueError: If OpenCV does not write this format.
    """
    suffix = Path(path).suffix
    try:
        known = bool(suffix) and cv2.haveImageWriter(f'picture{suffix}')
    except cv2.error:  # no such format
        known = False
    if not known:
        raise ValueError(f'{str(path)!r} cannot be written as a picture; give '
                         'it the suffix .png or .jpg')


def write_picture(path: Union[str, Path], image: ndarray) -> None:
    """Write a picture; missing folders are made.

    Args:
        path (str | Path): Ends in .png, .jpg or what else OpenCV writes.
        image (ndarray): RGB, uint8, has shape (h, w, 3).

    Raises:
        ValueError: If there is no such format.
    """
    check_picture_name(path)
    path = Path(path)
    data = cv2.imencode(path.suffix, image[..., ::-1])[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data.tobytes())


def to_image(figure: Any, dpi: int = DPI) -> ndarray:
    """A figure as an array, without a window.

    Args:
        figure (matplotlib.figure.Figure): The figure.
        dpi (int): Pixels an inch. Defaults to 150.

    Returns:
        ndarray: RGB, uint8, has shape (h, w, 3).
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
