"""HOTA, CLEAR and identity metrics of arrays over all frames at once.

Written from the papers. TrackEval is the reference: where the papers leave a
choice, ours is its choice, and all numbers are equal to its numbers.
"""
from .families import combine_scores, score_boxes
from .hota import ALPHAS

__all__ = ['ALPHAS', 'combine_scores', 'score_boxes']
