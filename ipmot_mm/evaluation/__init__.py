"""Scores of tracks: TrackEval behind an mmengine metric and plain functions.
"""
from .mot_lines import read_mot_lines
from .mot_scoring import (BENCHMARKS, METRICS_OF_TRACKEVAL, ScoredSequence,
                          score_folder, score_sequences)
from .result_writer import write_atomically, write_mot_results
from .score_table import format_score_table
from .trackeval_metric import TrackEvalMetric

__all__ = [
    'BENCHMARKS', 'METRICS_OF_TRACKEVAL', 'ScoredSequence', 'TrackEvalMetric',
    'format_score_table', 'read_mot_lines', 'score_folder', 'score_sequences',
    'write_atomically', 'write_mot_results'
]
