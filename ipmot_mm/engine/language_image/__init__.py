"""Train a small CLIP on crops and captions of SynthMOT, and question it."""
