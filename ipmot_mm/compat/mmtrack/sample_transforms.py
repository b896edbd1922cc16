"""Last steps of pipelines, to and from mmtrack's samples."""
from typing import Any, Dict

from mmcv.transforms import BaseTransform

from ipmot_mm.registry import TRANSFORMS

from .sample_conversion import from_mmtrack, to_mmtrack


@TRANSFORMS.register_module()
class FromMMTrackSample(BaseTransform):
    """Make a clip for IP-MOT of what mmtrack's ``PackTrackInputs`` packed.

    The last step of a pipeline of mmtrack, in training and in test.

    Args:
        dataset_name (str): For the meta information of the frames;
            :obj:`MMTrackClipDataset` puts its own there. Defaults to
            'mmtrack'.
    """

    def __init__(self, dataset_name: str = 'mmtrack') -> None:
        self.dataset_name = dataset_name

    def transform(self, results: Dict[str, Any]) -> Dict[str, Any]:
        """See :func:`from_mmtrack`."""
        return from_mmtrack(results, self.dataset_name)


@TRANSFORMS.register_module()
class ToMMTrackSample(BaseTransform):
    """Make of a packed clip what mmtrack's models take.

    The step behind :obj:`PackClipInputs`, with which a data set of this
    package feeds a model of mmtrack. All frames are key frames.
    """

    def transform(self, results: Dict[str, Any]) -> Dict[str, Any]:
        """See :func:`to_mmtrack`.

        Args:
            results (dict): ``inputs`` of shape (T, 3, h, w) and
                ``data_samples``, a clip.

        Returns:
            dict: ``inputs`` as a dict with ``img`` of shape (T, 3, h, w), and
            mmtrack's data sample.
        """
        return dict(
            inputs=dict(img=results['inputs']),
            data_samples=to_mmtrack(results['data_samples']))
