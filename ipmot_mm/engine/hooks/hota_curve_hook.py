"""HOTA over the localisation threshold, after each validation."""
from typing import Optional

from mmengine.logging import print_log
from mmengine.runner import Runner

from ipmot_mm.evaluation import TrackEvalMetric
from ipmot_mm.registry import HOOKS
from ipmot_mm.visualization.alpha_curves import draw_alpha_curves
from ipmot_mm.visualization.picture_file import to_image

from .score_picture_hook import ScorePictureHook


@HOOKS.register_module()
class HOTACurveHook(ScorePictureHook):
    """HOTA, DetA, AssA and LocA over alpha for the visualizer's backends.

    Image ``val_hota_over_alpha``, in a test ``test_hota_over_alpha``, see
    :func:`~ipmot_mm.visualization.alpha_curves.draw_alpha_curves`. Its means
    are in the log as numbers already.

    Args:
        interval (int): Validations from one picture to the next. Defaults to
            1.
    """

    def draw(self, runner: Runner, metric: Optional[TrackEvalMetric],
             prefix: str, step: int) -> None:
        """See :meth:`ScorePictureHook.draw`."""
        scores = metric.sequence_results if metric is not None else {}
        if 'curves' not in scores.get('COMBINED', {}):
            print_log('HOTACurveHook: nothing to draw, it needs a '
                      'TrackEvalMetric with HOTA among its metrics', 'current')
            return
        runner.visualizer.add_image(f'{prefix}_hota_over_alpha',
                                    to_image(draw_alpha_curves({'': scores})),
                                    step)
