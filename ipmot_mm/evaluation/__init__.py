"""Scores of tracks: TrackEval's metrics as an mmengine metric and functions.
"""
from .folder_scoring import SPLITS, score_folder, sequences_to_score
from .frame_errors import ERRORS, FrameErrors, find_errors, worst_frames
from .mot_scoring import (BENCHMARKS, METRICS_OF_TRACKEVAL, SCORERS,
                          score_sequences)
from .result_writer import write_mot_results
from .score_table import format_score_table
from .scored_sequence import ScoredSequence
from .server_formats import SERVER_FORMATS, ServerFormat
from .submission import check_submission, write_submission
from .trackeval_metric import TrackEvalMetric

__all__ = [
    'BENCHMARKS', 'ERRORS', 'FrameErrors', 'METRICS_OF_TRACKEVAL',
    'SCORERS', 'SERVER_FORMATS', 'SPLITS', 'ScoredSequence',
    'ServerFormat', 'TrackEvalMetric', 'check_submission', 'find_errors',
    'format_score_table', 'score_folder', 'score_sequences',
    'sequences_to_score', 'worst_frames', 'write_mot_results',
    'write_submission'
]
