"""Checkpoints of other projects: one key table a file, and who reads them."""
from .conversion import Conversion, convert
from .detection import LAYOUTS, find_layout, find_state_dict
from .fit import describe_model, find_fresh
from .layout import Layout

__all__ = [
    'LAYOUTS', 'Conversion', 'Layout', 'convert', 'describe_model',
    'find_fresh', 'find_layout', 'find_state_dict'
]
