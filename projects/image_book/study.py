# Does the text add anything to the image?
_base_ = '../../configs/_base_/studies/synthmot.py'

title = 'Image features in the place of texts'
ablations = '../../configs/synthmot/ablations'
seeds = [0, 1, 2]
rows = dict(
    full=dict(
        title='IP-MOT',
        config=f'{ablations}/full_1xb8-2e_synthmot-street.py'),
    image_book=dict(
        title='IP-MOT, aligned with image features',
        config='configs/image-book_1xb8-2e_synthmot-street.py'))
reference = 'full'
