"""The training loop, and what lets it be interrupted."""
from .resumable_train_loop import ResumableTrainLoop

__all__ = ['ResumableTrainLoop']
