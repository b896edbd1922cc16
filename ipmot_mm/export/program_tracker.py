"""Track with an exported program of torch."""
import json
from pathlib import Path
from typing import Tuple, Union

import numpy as np
import torch

from .onnx_tracker import METADATA, Arrays, SlotTracker


class ProgramTracker(SlotTracker):
    """Runs a ``.pt2`` file as :class:`ONNXTracker` runs an ONNX file.

    The model's code is not needed, only torch.

    Args:
        file (str | Path): Of :func:`export_program`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it was not written by :func:`export_program`.
    """

    def __init__(self, file: Union[str, Path]) -> None:
        if not Path(file).is_file():
            raise FileNotFoundError(
                f'exported program {str(file)!r} does not exist; write one '
                'with tools/deployment/export_model.py --format torch')
        extra = {METADATA: ''}
        try:
            program = torch.export.load(str(file), extra_files=extra)
        except Exception as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ValueError(
                f'{file} cannot be read as an exported program ({reason}); '
                'export it again with this version of torch') from None
        if not extra[METADATA]:
            raise ValueError(
                f'{file} was not written by tools/deployment/export_model.py:'
                f' it has no extra file {METADATA!r}')
        self.module = program.module()
        _, _, state = program.example_inputs[0]
        super().__init__(
            json.loads(extra[METADATA]),
            {name: value.numpy()
             for name, value in state.items()})

    @torch.no_grad()
    def _run(self, image: np.ndarray, frame_size: np.ndarray,
             state: Arrays) -> Tuple[Arrays, Arrays]:
        given = (torch.from_numpy(image), torch.from_numpy(frame_size),
                 {name: torch.from_numpy(state[name]) for name in state})
        report, state = ({
            name: value.numpy()
            for name, value in part.items()
        } for part in self.module(*given))
        return report, state
