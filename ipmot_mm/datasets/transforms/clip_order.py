"""Order of the frames of a clip and choice between pipelines."""
from typing import Any, Dict, Optional, Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose

from ipmot_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ClipReverse(BaseTransform):
    """Play the clip backwards.

    Args:
        prob (float): Probability. Defaults to 0.5.
    """

    def __init__(self, *, prob: float = 0.5) -> None:
        self.prob = prob

    def transform(self, results: Dict[str, list]) -> Dict[str, list]:
        """Reverse all lists, or none."""
        if np.random.rand() >= self.prob:
            return results
        return {key: values[::-1] for key, values in results.items()}


@TRANSFORMS.register_module()
class ClipRandomChoice(BaseTransform):
    """Send the whole clip through one of several pipelines.

    mmcv's ``RandomChoice`` cannot be shared over the frames of a clip once
    mmdet is imported; here the choice is made on the clip, so there is
    nothing to share.

    Args:
        transforms (Sequence[Sequence[dict | callable]]): The pipelines.
        prob (Sequence[float], optional): Probability of each. Defaults to
            None, for equal ones.
    """

    def __init__(self,
                 *,
                 transforms: Sequence[Sequence[Any]],
                 prob: Optional[Sequence[float]] = None) -> None:
        if prob is not None and (len(prob) != len(transforms)
                                 or not np.isclose(sum(prob), 1)):
            raise ValueError(
                f'prob of ClipRandomChoice must hold {len(transforms)} '
                f'numbers, one for each pipeline, of sum 1; got {prob}.')
        self.prob = prob
        self.pipelines = [
            Compose([
                TRANSFORMS.build(step) if isinstance(step, dict) else step
                for step in steps
            ]) for steps in transforms
        ]

    def transform(self, results: Dict[str, list]) -> Dict[str, list]:
        """Choose and run a pipeline."""
        chosen = np.random.choice(len(self.pipelines), p=self.prob)
        return self.pipelines[chosen](results)
