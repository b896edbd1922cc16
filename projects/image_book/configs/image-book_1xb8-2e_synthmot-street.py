# The whole method, aligned with image features instead of texts.
_base_ = '../../../configs/synthmot/ablations/full_1xb8-2e_synthmot-street.py'

custom_imports = dict(
    imports=['ipmot_mm', 'projects.image_book.image_book'],
    allow_failed_imports=False)

model = dict(track_book=dict(type='ImageBookHead'))
