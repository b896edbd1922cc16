"""Trackers for where no PyTorch is: ONNX files and exported programs."""
from .comparison import Comparison, compare
from .export import export_onnx, export_program
from .onnx_tracker import ONNXTracker, Tracks
from .program_tracker import ProgramTracker

__all__ = [
    'Comparison', 'ONNXTracker', 'ProgramTracker', 'Tracks', 'compare',
    'export_onnx', 'export_program'
]
