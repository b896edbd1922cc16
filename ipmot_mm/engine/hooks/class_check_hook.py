"""As many classes in the model as in the data."""
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, Runner

from ipmot_mm.registry import HOOKS


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
        model = runner.model
        if is_model_wrapper(model):
            model = model.module
        head = getattr(getattr(model, 'detector', None), 'bbox_head', None)
        # The public property would build the loop in a test-only run.
        train_loop = runner._train_loop
        if head is None or not isinstance(train_loop, BaseLoop):
            return
        metainfo = getattr(train_loop.dataloader.dataset, 'metainfo', {})
        classes = metainfo.get('classes', ())
        if classes and len(classes) != head.num_classes:
            raise ValueError(
                f'The data has {len(classes)} classes {tuple(classes)}, but '
                f'model.detector.bbox_head.num_classes is {head.num_classes}. '
                'Make them equal.')
