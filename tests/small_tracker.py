"""The small weights of the repository, and a video that they track."""
from pathlib import Path

from ipmot_mm.apis import init_tracker
from ipmot_mm.datasets.synthmot import DOMAINS, render_sequence, write_sequence

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / ('configs/synthmot/'
                 'ipmot_dab-small_2xb2-4e_synthmot-street.py')
CHECKPOINT = ROOT / 'checkpoints/ipmot_small_street.pth'


def load_tracker():
    """Built anew at each call."""
    return init_tracker(CONFIG, CHECKPOINT)


def write_street(folder, num_frames=14):
    """A sequence of SynthMOT in the size of the study; returns its folder."""
    sequence = render_sequence(DOMAINS['street'], 6, num_frames, (224, 128))
    write_sequence(sequence, folder / 'Street-06')
    return folder / 'Street-06'
