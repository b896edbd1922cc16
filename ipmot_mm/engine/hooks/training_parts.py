"""What a hook needs to know before a training begins."""
from typing import Any, Optional, Tuple

from mmengine.runner import BaseLoop, Runner

from ..distributed import unwrap


def find_training_parts(runner: Runner) -> Optional[Tuple[Any, Any]]:
    """Model and data of a training, in ``before_run``.

    Args:
        runner (:obj:`Runner`): About to train or to test.

    Returns:
        tuple, optional: The model without its wrapper, and the training data
        set. None in a run that only tests.
    """
    # The public property would build the loop in a test-only run.
    train_loop = runner._train_loop
    if not isinstance(train_loop, BaseLoop):
        return None
    return unwrap(runner.model), train_loop.dataloader.dataset
