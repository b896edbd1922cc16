"""What the converters in ``tools/dataset_converters`` have in common.

Each of them reads one format of annotations; output arguments, frames, the
numbers of frames and classes are the same for all.
"""
from .class_numbers import add_class_argument, number_classes, save_classes
from .command import (SourceFrames, add_output_arguments, convert_sequence,
                      open_frames)
from .mot_rows import add_numbering_argument, place_frames, read_rows

__all__ = [
    'SourceFrames', 'add_class_argument', 'add_numbering_argument',
    'add_output_arguments', 'convert_sequence', 'number_classes',
    'open_frames', 'place_frames', 'read_rows', 'save_classes'
]
