"""The steps of a test pipeline, for frames that are no files."""
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
from mmcv.transforms import BaseTransform, Compose

from ipmot_mm.registry import TRANSFORMS

# What a dataset would give for a frame without annotations.
EMPTY_OBJECTS = dict(
    gt_bboxes=np.zeros((0, 4), np.float32),
    gt_bboxes_labels=np.zeros(0, np.int64),
    gt_instances_ids=np.zeros(0, np.int64),
    gt_identities=np.zeros(0, np.int64),
    gt_visibilities=np.zeros(0, np.float32))


@TRANSFORMS.register_module()
class LivePipeline(BaseTransform):
    """Prepares frames in memory as the test pipeline would, had it read them.

    Steps that read files (type names that begin with ``Load``, in whatever
    scope, also within a ``TransformBroadcaster``) are left out; what they and
    the dataset would have added is added. The other steps may be those of
    this package, ending with ``PackClipInputs``, or of mmdet, ending with
    ``PackTrackInputs``.

    Args:
        steps (sequence[dict | Callable]): The test pipeline.
    """

    def __init__(self, *, steps: Sequence[Any]) -> None:
        steps = without_loading(steps)
        self.is_mmdet = bool(steps) and _type_name(
            steps[-1]) == 'PackTrackInputs'
        self.steps = Compose([
            TRANSFORMS.build(step) if isinstance(step, dict) else step
            for step in steps
        ])

    def transform(self, results: Dict[str, list]) -> Dict[str, Any]:
        """Prepare the next frames of a stream.

        Args:
            results (dict[str, list]): ``img``, T arrays in BGR of shape
                (h, w, 3) and values 0 to 255, and ``frame_id``, their numbers
                from 0 on. Further keys replace what would be added.

        Returns:
            dict: ``inputs`` of shape (T, 3, h, w) and ``data_samples``.

        Raises:
            ValueError: If the steps do not end with a packing one.
        """
        frames = [
            self._complete(img, number)
            for img, number in zip(results['img'], results['frame_id'])
        ]
        clip = {key: [frame[key] for frame in frames] for key in frames[0]}
        packed = self.steps({**clip, **results, 'img': clip['img']})
        if not isinstance(packed, dict) or 'inputs' not in packed:
            raise ValueError(
                'the test pipeline of the config gives no inputs; its last '
                'step must be PackClipInputs, or PackTrackInputs of mmdet')
        return packed

    def _complete(self, img: np.ndarray, number: int) -> Dict[str, Any]:
        """One frame, as the loading steps would leave it."""
        shape = img.shape[:2]
        # The length of a stream is not known: so far it ends here.
        length = number + 1
        return dict(
            {} if self.is_mmdet else EMPTY_OBJECTS,
            img=img.astype(np.uint8, copy=False),
            img_path='',
            img_id=length,
            gt_path='',
            dataset_name='stream',
            video_id=0,
            video_name='stream',
            mot_frame_id=length,
            video_length=length,
            ori_video_length=length,
            ori_shape=shape,
            img_shape=shape,
            scale_factor=(1.0, 1.0),
            flip=False,
            flip_direction=None)


def without_loading(steps: Sequence[Any]) -> List[Any]:
    """Leave out the steps that read files.

    Args:
        steps (sequence[dict | Callable]): A pipeline.

    Returns:
        list: Its other steps, also within steps that hold ``transforms``;
        such a step goes where nothing is left in it.
    """
    kept = (_without_loading(step) for step in steps)
    return [step for step in kept if step is not None]


def _without_loading(step: Any) -> Optional[Any]:
    if _type_name(step).startswith('Load'):
        return None
    if not (isinstance(step, dict) and step.get('transforms')):
        return step
    inner = without_loading(step['transforms'])
    return dict(step, transforms=inner) if inner else None


def _type_name(step: Any) -> str:
    """Class name of a transform, without its scope."""
    kind = step['type'] if isinstance(step, dict) else type(step)
    name = kind if isinstance(kind, str) else kind.__name__
    return name.split('.')[-1]
