"""Write the frame step of a tracker as ONNX or as an exported program."""
import json
import logging
import warnings
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple, Union

import torch
from torch import nn

from ipmot_mm.apis.frame_tracker import find_test_dataset
from ipmot_mm.registry import DATASETS
from ipmot_mm.version import __version__

from .frame_graph import FrameGraph, find_image_size
from .onnx_translations import translations

OPSET = 18
METADATA = 'ipmot_mm'
"""Key of the metadata, JSON text: in ``metadata_props`` of an ONNX file, in
the extra files of a program."""
INSTALL = 'pip install "ipmot_mm[export]"'


def export_onnx(model: nn.Module,
                file: Union[str, Path],
                *,
                frame_size: Tuple[int, int],
                num_slots: int = 100) -> Dict[str, Any]:
    """Write the frame step as an ONNX file, opset 18, without custom ops.

    Inputs are ``image``, ``frame_size`` and the state, ``state_`` before each
    name; outputs are the report and the state of the next frame, ``next_``
    before each name; see :meth:`FrameGraph.forward`.

    Args:
        model (nn.Module): Of :func:`ipmot_mm.apis.init_tracker`.
        file (str | Path): To write, up to 2 GB.
        frame_size (tuple[int, int]): Height and width of the frames that will
            be tracked, in pixels. Frames of the same shape, larger or
            smaller, can be tracked too.
        num_slots (int): Tracks alive at once. Defaults to 100.

    Returns:
        dict: The metadata that were written, see :func:`describe`.

    Raises:
        ValueError: If a package is missing, or the model cannot be exported.
    """
    missing = [name for name in ('onnx', 'onnxscript') if not find_spec(name)]
    if missing:
        raise ValueError(
            f'export to ONNX needs {" and ".join(missing)}; {INSTALL}')
    program, metadata = _trace(model, frame_size, num_slots)
    state = metadata['state']
    with _quiet(), _saying_why(model):
        exported = torch.onnx.export(
            program,
            dynamo=True,
            opset_version=OPSET,
            input_names=[
                'image', 'frame_size', *(f'state_{name}' for name in state)
            ],
            output_names=[
                *metadata['report'], *(f'next_{name}' for name in state)
            ],
            custom_translation_table=translations(),
            verbose=False)
    exported.model.metadata_props[METADATA] = json.dumps(metadata)
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    exported.save(str(file), external_data=False)
    return metadata


def export_program(model: nn.Module,
                   file: Union[str, Path],
                   *,
                   frame_size: Tuple[int, int],
                   num_slots: int = 100) -> Dict[str, Any]:
    """Write the frame step as ``torch.export`` does, a ``.pt2`` file.

    ``torch.export.load(file).module()`` then takes image, frame size and
    state, and returns report and state, as :meth:`FrameGraph.forward` does.

    Args:
        model (nn.Module): As of :func:`export_onnx`, and so are the others.
        file (str | Path): To write.
        frame_size (tuple[int, int]): Height and width in pixels.
        num_slots (int): Tracks alive at once. Defaults to 100.

    Returns:
        dict: The metadata that were written.

    Raises:
        ValueError: If the model cannot be exported.
    """
    program, metadata = _trace(model, frame_size, num_slots)
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    with _quiet():
        torch.export.save(
            program, str(file), extra_files={METADATA: json.dumps(metadata)})
    return metadata


def describe(graph: FrameGraph, model: nn.Module, frame_size: Tuple[int, int],
             report: Dict[str, Any], state: Dict[str, Any]) -> Dict[str, Any]:
    """What a runner has to know, and what a person wants to.

    Args:
        graph (:class:`FrameGraph`): That is written.
        model (nn.Module): It was made of.
        frame_size (tuple[int, int]): It was made for.
        report (dict): Of a frame.
        state (dict): Of a frame.

    Returns:
        dict: ``image_size`` and ``frame_size`` (height, width),
        ``num_slots``, ``state`` and ``report`` names in the order of the
        graph, ``classes``, ``thresholds`` of the tracker, ``config`` and
        ``version``.
    """
    tracker = graph.tracker
    names = ('track_score_thr', 'newborn_score_thr', 'output_score_thr',
             'miss_tolerance', 'min_area', 'max_tracks')
    return dict(
        version=__version__,
        config=Path(model.cfg.filename or 'config').name,
        image_size=list(graph.image_size),
        frame_size=list(frame_size),
        num_slots=graph.num_slots,
        report=list(report),
        state=list(state),
        classes=_classes(model),
        thresholds={name: getattr(tracker, name)
                    for name in names})


def _trace(model: nn.Module, frame_size: Tuple[int, int],
           num_slots: int) -> Tuple[torch.export.ExportedProgram,
                                    Dict[str, Any]]:
    """The program of a frame, and its metadata."""
    if not (isinstance(num_slots, int) and num_slots > 0):
        raise ValueError(
            f'num_slots must be a positive integer, got {num_slots!r}; 100 '
            'are enough for most videos')
    if len(frame_size) != 2 or min(frame_size) < 1:
        raise ValueError(
            'frame_size must be the height and width of the frames in '
            f'pixels, got {tuple(frame_size)}')
    graph = FrameGraph(model, find_image_size(model, frame_size), num_slots)
    state = graph.empty_state()
    inputs = (torch.zeros(*graph.image_size, 3, dtype=torch.uint8),
              torch.tensor(frame_size), state)
    with torch.no_grad():
        report, _ = graph(*inputs)
        with _quiet(), _saying_why(model):
            program = torch.export.export(graph, inputs, strict=False)
    return program, describe(graph, model, frame_size, report, state)


def _classes(model: nn.Module) -> list:
    """Names of the classes that labels count."""
    dataset = find_test_dataset(model.cfg)
    kind = DATASETS.get(dataset.get('type', 'MOTClipDataset'))
    metainfo = {
        **getattr(kind, 'METAINFO', {}),
        **(dataset.get('metainfo') or {})
    }
    return list(metainfo.get('classes', ()))


@contextmanager
def _saying_why(model: nn.Module) -> Iterator[None]:
    """One line where a part from outside cannot be exported."""
    try:
        yield
    except Exception as error:
        cause = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        lines = str(cause).strip().splitlines() or [type(cause).__name__]
        raise ValueError(
            f'{type(model).__name__} with {type(model.tracker).__name__} and '
            f'{type(model.updater).__name__} cannot be exported: {lines[0]}. '
            'The work of a frame must depend on sizes alone; parts of this '
            'package do so, look into your own') from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the remarks of the exporters on their own doings."""
    loggers = [
        logging.getLogger(name) for name in ('torch', 'onnxscript', 'onnx_ir')
    ]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels):
                logger.setLevel(level)
