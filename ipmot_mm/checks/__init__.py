"""Checks of a data set before it is trained on, and their report."""
from .dataset_part import DatasetPart, part_of_folder, parts_of_config
from .dataset_report import (DatasetReport, ModelNeeds, check_parts,
                             format_table)
from .problems import Problem, ProblemLog, group_problems
from .video import Video, read_video, videos_of_dataset
from .video_report import VideoReport, check_video

__all__ = [
    'DatasetPart', 'DatasetReport', 'ModelNeeds', 'Problem', 'ProblemLog',
    'Video', 'VideoReport', 'check_parts', 'check_video', 'format_table',
    'group_problems', 'part_of_folder', 'parts_of_config', 'read_video',
    'videos_of_dataset'
]
