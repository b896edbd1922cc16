"""A data sample that the model reads as a clip, and mmtrack as its own."""
from typing import Any, Dict

from mmengine.structures import InstanceData

from ipmot_mm.datasets.transforms.clip_data_sample import ClipDataSample

from .sample_conversion import flat_instances

FLAT_FIELDS = ('gt_instances', 'pred_track_instances')


class MMTrackClipSample(ClipDataSample):
    """A clip which, if it is one frame, also has mmtrack's flat fields.

    So the model stays as it is, and so do the metrics and hooks that get what
    it returns. They see the frame's own meta information, ``gt_instances``
    and ``pred_track_instances``, in mmtrack's words; ``to_dict`` holds both
    forms, so that metrics of mmtrack and of this package can score one run. A
    longer clip has no flat form: :func:`to_mmtrack` makes one of it.
    """

    @property
    def gt_instances(self) -> InstanceData:
        """:obj:`InstanceData`: Ground truth of the one frame."""
        return self._flat('gt_instances')

    @property
    def pred_track_instances(self) -> InstanceData:
        """:obj:`InstanceData`: Tracks of the one frame."""
        return self._flat('pred_track_instances')

    def __contains__(self, item: str) -> bool:
        return super().__contains__(item) or (item in FLAT_FIELDS
                                              and self._has_flat(item))

    def to_dict(self) -> Dict[str, Any]:
        """Both forms, for the evaluator.

        Returns:
            dict: Meta information, ``video_data_samples`` and, of one frame,
            the flat fields it has.
        """
        flat = {
            name: self._flat(name).to_dict()
            for name in FLAT_FIELDS if self._has_flat(name)
        }
        return {**super().to_dict(), **flat}

    def _has_flat(self, name: str) -> bool:
        frames = self.get('_video_data_samples', ())
        return len(frames) == 1 and name in frames[0]

    def _flat(self, name: str) -> InstanceData:
        if not self._has_flat(name):
            raise AttributeError(f'{type(self).__name__} of '
                                 f'{len(self)} frames has no {name}')
        return flat_instances(self.video_data_samples, name)
