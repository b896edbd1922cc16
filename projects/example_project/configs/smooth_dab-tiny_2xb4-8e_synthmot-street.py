_base_ = '../../../configs/synthmot/ipmot_dab-tiny_2xb4-8e_synthmot-street.py'

custom_imports = dict(
    imports=['ipmot_mm', 'projects.example_project.example_project'],
    allow_failed_imports=False)

model = dict(updater=dict(_delete_=True, type='SmoothUpdater', momentum=0.5))
