"""HOTA, CLEAR and identity metrics of arrays over all frames at once.

Written from the papers. TrackEval is the reference: where the papers leave a
choice, ours is its choice, and all numbers are equal to its numbers.
"""
from .clear import find_switches, match_boxes
from .families import combine_scores, score_boxes
from .hota import ALPHAS
from .protocol import boxes_that_count

__all__ = [
    'ALPHAS', 'boxes_that_count', 'combine_scores', 'find_switches',
    'match_boxes', 'score_boxes'
]
