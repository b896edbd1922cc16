# The quickstart: trained in the domain street, tested there and, by
# --cfg-options, in the domains crowd and dance.
_base_ = [
    '../_base_/models/ipmot_dab_tiny.py', '../_base_/datasets/synthmot.py',
    '../_base_/schedules/schedule_8e_tiny.py', '../_base_/default_runtime.py'
]
