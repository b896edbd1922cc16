"""Data and head agree about the classes before anything is trained."""
from types import SimpleNamespace

import pytest
from mmengine.runner import BaseLoop

from ipmot_mm.engine.hooks import ClassCheckHook


def runner_of(num_classes, classes):
    loop = BaseLoop.__new__(type('Loop', (BaseLoop, ), dict(run=None)))
    metainfo = {} if classes is None else dict(classes=classes)
    loop.dataloader = SimpleNamespace(
        dataset=SimpleNamespace(metainfo=metainfo))
    head = SimpleNamespace(num_classes=num_classes)
    return SimpleNamespace(
        model=SimpleNamespace(detector=SimpleNamespace(bbox_head=head)),
        _train_loop=loop)


@pytest.mark.parametrize('num_classes', [1, 3])
def test_another_number_of_classes_is_refused(num_classes):
    runner = runner_of(num_classes, ('pedestrian', 'car'))
    with pytest.raises(ValueError, match='has 2 classes .*bbox_head.num_'
                       f'classes is {num_classes}. Make them equal'):
        ClassCheckHook().before_run(runner)


def test_what_agrees_or_cannot_be_compared_passes():
    ClassCheckHook().before_run(runner_of(2, ('pedestrian', 'car')))
    ClassCheckHook().before_run(runner_of(2, None))
    no_head = runner_of(1, ('a', 'b'))
    del no_head.model.detector
    ClassCheckHook().before_run(no_head)
    test_only = runner_of(1, ('a', 'b'))
    test_only._train_loop = dict(by_epoch=True)
    ClassCheckHook().before_run(test_only)
