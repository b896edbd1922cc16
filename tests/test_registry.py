"""Names that configs and users rely on."""
import pytest

from ipmot_mm import registry

PUBLIC = {
    'MODELS': [
        'IPMOT', 'TrackBookHead', 'DeduplicationModule', 'ClipAverageLoss',
        'DeduplicationLoss', 'BatchHardTripletLoss', 'ImageToTextLoss',
        'QueryUpdater', 'PositionalQueryUpdater', 'MemoryQueryUpdater',
        'IdentityUpdater', 'DABDeformableDetector', 'DeformableDetector',
        'TrackHead'
    ],
    'TASK_UTILS': ['ClipAssigner', 'FalsePositiveSpawner', 'QueryTracker'],
    'OPTIMIZERS': ['RowwiseAdamW'],
    'OPTIM_WRAPPER_CONSTRUCTORS': ['AlternatingOptimWrapperConstructor'],
    'MODEL_WRAPPERS': ['IPMOTDistributedDataParallel'],
    'HOOKS': [
        'CheckpointHook', 'ClassCheckHook', 'ClipLengthHook', 'TrackBookHook',
        'TrackVideoHook', 'TrainingDataHook'
    ],
    'DATASETS': [
        'MOTClipDataset', 'CrowdHumanClipDataset', 'ConcatClipDataset'
    ],
    'DATA_SAMPLERS': ['ClipSampler', 'VideoSampler'],
    'METRICS': ['TrackEvalMetric'],
}


@pytest.mark.parametrize('root, name', [(root, name)
                                        for root, names in PUBLIC.items()
                                        for name in names])
def test_public_name_is_registered_here(root, name):
    found = getattr(registry, root).get(name)
    assert found.__name__ == name
    assert found.__module__.startswith('ipmot_mm.')


@pytest.mark.parametrize('root, name', [(root, name)
                                        for root, names in PUBLIC.items()
                                        for name in names])
def test_roots_find_it_by_its_scope(root, name):
    """As another project of OpenMMLab would name it."""
    from mmengine import registry as roots
    ours = getattr(registry, root)
    assert getattr(roots, root).get(f'ipmot_mm.{name}') is ours.get(name)


@pytest.mark.parametrize('name', ['mmdet.ResNet', 'mmdet.ChannelMapper',
                                  'mmdet.TrackDataPreprocessor'])
def test_parts_of_the_host_keep_their_scope(name):
    assert registry.MODELS.get(name).__module__.startswith('mmdet.')


def test_every_public_class_has_a_docstring():
    for root, names in PUBLIC.items():
        for name in names:
            assert len(getattr(registry, root).get(name).__doc__) > 40, name
