"""As many classes in the model as in the data."""
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ipmot_mm.registry import HOOKS

from .training_parts import find_training_parts


@HOOKS.register_module()
class ClassCheckHook(Hook):
    """Refuse a training whose head has another number of classes.

    A label beyond the last class would end in an index error, on a GPU in one
    that names another line.
    """

    def before_run(self, runner: Runner) -> None:
        """Compare the two.

        Args:
            runner (:obj:`Runner`): About to train or to test; a test has no
                labels and is not looked at.

        Raises:
            ValueError: If they differ.
        """
        parts = find_training_parts(runner)
        if parts is None:
            return
        model, dataset = parts
        head = getattr(getattr(model, 'detector', None), 'bbox_head', None)
        classes = getattr(dataset, 'metainfo', {}).get('classes', ())
        if head is not None and classes and len(classes) != head.num_classes:
            raise ValueError(
                f'The data has {len(classes)} classes {tuple(classes)}, but '
                f'model.detector.bbox_head.num_classes is {head.num_classes}. '
                'Make them equal.')
