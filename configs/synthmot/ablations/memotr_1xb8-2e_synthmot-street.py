# MeMOTR's memory in the place of the updater (paper, Table 3).
_base_ = './base_1xb8-2e_synthmot-street.py'

model = dict(updater=dict(type='MemoryQueryUpdater'))
