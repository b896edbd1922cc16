# A few hundred iterations in one process on one CPU core, from scratch or from
# weights of SynthMOT alike.
_base_ = './schedule_8e_tiny.py'

custom_hooks = [
    dict(type='ClipLengthHook', schedule=[(0, 1), (4, 2), (6, 3)])
]
auto_scale_lr = dict(base_batch_size=4)
