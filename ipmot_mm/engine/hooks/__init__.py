"""Schedules and side effects of a training or a test."""
from .attention_plot_hook import AttentionPlotHook
from .checkpoint_hook import CheckpointHook
from .checkpoint_layout_hook import CheckpointLayoutHook
from .class_check_hook import ClassCheckHook
from .clip_length_hook import ClipLengthHook
from .embedding_plot_hook import EmbeddingPlotHook
from .epoch_position_hook import EpochPositionHook
from .error_picture_hook import ErrorPictureHook
from .hota_curve_hook import HOTACurveHook
from .nearest_identities_hook import NearestIdentitiesHook
from .progress_bar_hook import ProgressBarHook
from .recovery_checkpoint_hook import RecoveryCheckpointHook
from .runtime_info_hook import RuntimeInfoHook
from .track_book_hook import TrackBookHook
from .track_video_hook import TrackVideoHook
from .training_data_hook import TrainingDataHook

__all__ = [
    'AttentionPlotHook', 'CheckpointHook', 'CheckpointLayoutHook',
    'ClassCheckHook', 'ClipLengthHook', 'EmbeddingPlotHook',
    'EpochPositionHook', 'ErrorPictureHook', 'HOTACurveHook',
    'NearestIdentitiesHook', 'ProgressBarHook', 'RecoveryCheckpointHook',
    'RuntimeInfoHook', 'TrackBookHook', 'TrackVideoHook', 'TrainingDataHook'
]
