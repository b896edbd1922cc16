"""Drop the objects that augmentation moved out of the frame."""
from ipmot_mm.registry import TRANSFORMS

from .clip_transform import (ClipTransform, Frame, clip_boxes, has_area,
                             keep_objects)


@TRANSFORMS.register_module()
class FilterBoxes(ClipTransform):
    """Keep the objects whose box has a part inside of the image.

    It goes after the last geometric transform. Boxes of zero area would
    otherwise reach the losses, and the ids of dropped boxes the assigner.
    MeMOTR (@7de13f4 data/transforms.py:137-170) filters after a crop alone;
    here the other branch is filtered, too, so that no person outside of the
    image is trained on.

    Args:
        overflow_boxes (bool): Whether a box that sticks out of the image
            stays whole, as MeMOTR trains MOT17 and CrowdHuman. Else it is
            clipped, as for DanceTrack. Defaults to True.
    """

    needs_pixels = False

    def __init__(self, *, overflow_boxes: bool = True) -> None:
        self.overflow_boxes = overflow_boxes

    def transform_frame(self, frame: Frame, params: None) -> Frame:
        """Filter, and clip if wanted."""
        clipped = clip_boxes(frame['gt_bboxes'], frame['img'])
        if not self.overflow_boxes:
            frame = dict(frame, gt_bboxes=clipped)
        return keep_objects(frame, has_area(clipped))
