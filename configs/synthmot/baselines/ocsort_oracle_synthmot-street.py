_base_ = './ocsort_dab-small_synthmot-street.py'

needs_checkpoint = False
model = dict(
    _delete_=True,
    type='OracleMatching',
    data_preprocessor={{_base_.model.data_preprocessor}},
    min_area=0.0,
    tracker={{_base_.model.tracker}})
