# mmtrack's scope: its own parts and mmengine's are named bare, those of this
# package with theirs.
_base_ = '../../_base_/default_runtime.py'
custom_imports = dict(
    imports=['ipmot_mm', 'ipmot_mm.compat.mmtrack'],
    allow_failed_imports=False)
default_scope = 'mmtrack'

default_hooks = dict(
    runtime_info=dict(type='ipmot_mm.RuntimeInfoHook'),
    checkpoint=dict(type='ipmot_mm.CheckpointHook'),
    recovery=dict(type='ipmot_mm.RecoveryCheckpointHook'),
    track_book=dict(type='ipmot_mm.TrackBookHook'),
    training_data=dict(type='ipmot_mm.TrainingDataHook'),
    class_check=dict(type='ipmot_mm.ClassCheckHook'),
    progress=dict(type='ipmot_mm.ProgressBarHook'),
    visualization=dict(
        _delete_=True, type='TrackVisualizationHook', draw=False))
visualizer = dict(type='TrackLocalVisualizer')
