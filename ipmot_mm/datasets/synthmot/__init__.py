"""SynthMOT: procedural tracking videos, drawn with NumPy and OpenCV."""
from .appearance import Appearance, Outfit
from .dials import derive_domain, parse_dials
from .domains import DOMAINS, Domain, get_domain
from .generator import SynthSequence, generate_sequence, render_sequence
from .world import WORLD, sample_world
from .writer import read_persons, write_sequence, write_synthmot

__all__ = [
    'DOMAINS', 'WORLD', 'Appearance', 'Domain', 'Outfit', 'SynthSequence',
    'derive_domain', 'generate_sequence', 'get_domain', 'parse_dials',
    'read_persons', 'render_sequence', 'sample_world', 'write_sequence',
    'write_synthmot'
]
