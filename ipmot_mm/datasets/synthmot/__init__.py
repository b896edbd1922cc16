"""SynthMOT: procedural tracking videos, drawn with NumPy and OpenCV."""
from .appearance import Appearance, Outfit
from .domains import DOMAINS, Domain, get_domain
from .generator import SynthSequence, generate_sequence, render_sequence
from .writer import read_persons, write_sequence, write_synthmot

__all__ = [
    'DOMAINS', 'Appearance', 'Domain', 'Outfit', 'SynthSequence',
    'generate_sequence', 'get_domain', 'read_persons', 'render_sequence',
    'write_sequence', 'write_synthmot'
]
