"""Training steps on clips as they are not meant to be, but will come."""
import time

import pytest
import torch

from ipmot_mm.engine.optim import AlternatingOptimWrapperConstructor
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import NO_IDENTITY, IdentityMap
from ipmot_mm.testing import make_clip, tiny_model_cfg

NUM_ROWS = 1100
OPTIM = dict(
    tracker=dict(
        optimizer=dict(type='AdamW', lr=1e-3),
        clip_grad=dict(max_norm=0.1, norm_type=2)),
    track_book=dict(optimizer=dict(type='RowwiseAdamW', lr=1e-2)))
BOX_LOSSES = ('loss_bbox', 'loss_iou')


def build(**assigner):
    """Tiny, with TrackBook and optimisers."""
    cfg = tiny_model_cfg(with_track_book=True, num_levels=1)
    cfg.assigner.update(assigner)
    model = MODELS.build(cfg)
    model.init_weights()
    optimizers = AlternatingOptimWrapperConstructor(OPTIM)(model.train())
    model.track_book.set_identity_map(
        IdentityMap.from_keys(
            ('tiny', 'video', i) for i in range(NUM_ROWS)))
    return model, optimizers


@pytest.fixture(scope='module')
def shared():
    torch.manual_seed(0)
    return build()


def train(trained, data):
    """One step; all that it leaves must be finite, and it must be taken."""
    model, optimizers = trained
    norms = []
    step = type(optimizers['tracker'].optimizer).step

    def record(*args, **kwargs):
        norms.extend(
            parameter.grad.norm() for parameter in model.detector.parameters()
            if parameter.grad is not None)
        return step(optimizers['tracker'].optimizer, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimizers['tracker'].optimizer, 'step', record)
        log_vars = model.train_step(data, optimizers)
    values = {name: float(value) for name, value in log_vars.items()}
    assert torch.tensor(list(values.values())).isfinite().all(), values
    assert norms and torch.stack(norms).isfinite().all()
    assert sum(norms) > 0 and values['loss'] > 0
    assert all(each.isfinite().all() for each in model.state_dict().values()
               if each.is_floating_point())
    return values


def frames_of(data, n=0):
    return data['data_samples'][n].video_data_samples


def keep(frame, mask):
    frame.gt_instances = frame.gt_instances[mask]


def without_objects(*gone, num_frames=4):
    data = make_clip(3, num_frames=num_frames)
    for t in gone:
        keep(frames_of(data)[t], torch.zeros(3, dtype=torch.bool))
    return data


@pytest.mark.parametrize('gone', [(0, ), (1, ), (2, 3), (1, 2, 3), (0, 1, 2)])
def test_frames_without_an_object(shared, gone):
    """All tracks lost in the middle or for good, or none before the end."""
    values = train(shared, without_objects(*gone))
    assert values['loss_bbox'] > 0 and values['track_book_loss'] > 0


@pytest.mark.parametrize('counts', [(0, ), (0, 0)])
def test_batches_without_an_object(shared, counts):
    values = train(shared, make_clip(*counts))
    for name, value in values.items():
        kind = name.split('.')[-1]
        if kind in (*BOX_LOSSES, 'loss_triplet', 'loss_i2tce'):
            assert value == 0, name
    assert 'track_book_loss' not in values and values['loss_cls'] > 0


def test_everything_is_newborn_in_every_frame(shared):
    data = make_clip(3, num_frames=4)
    for t, frame in enumerate(frames_of(data)):
        frame.gt_instances.instances_ids += 10 * t
        frame.gt_instances.identities += 10 * t
    train(shared, data)


def test_one_identity_has_no_negative(shared):
    values = train(shared, make_clip(1, num_frames=4))
    assert {v for k, v in values.items() if 'loss_triplet' in k} == {0.0}
    assert values['loss_bbox'] > 0


def test_persons_without_a_row_only(shared):
    data = make_clip(3, 2)
    for n in range(2):
        for frame in frames_of(data, n):
            frame.gt_instances.identities[:] = NO_IDENTITY
    values = train(shared, data)
    assert {v for k, v in values.items() if 'loss_i2tce' in k} == {0.0}
    assert values['loss_triplet'] > 0 and 'track_book_loss' not in values


@pytest.mark.parametrize('counts, num_frames', [
    ((2, ), 1), ((0, ), 1), ((0, 9), 3), ((9, 0, 1), 2)])
def test_single_frames_and_mixed_batches(shared, counts, num_frames):
    train(shared, make_clip(*counts, num_frames=num_frames))


@pytest.mark.parametrize('size', [(1, 1), (1, 200), (300, 2), (33, 31)])
def test_sizes_of_images(shared, size):
    train(shared, make_clip(2, num_frames=2, size=size))
    model, _ = shared
    data = model.data_preprocessor(make_clip(2, num_frames=2, size=size))
    samples = model.eval()(**data, mode='predict')
    model.train()
    for frame in samples[0].video_data_samples:
        assert frame.pred_track_instances.bboxes.isfinite().all()


@pytest.mark.parametrize('box', [
    (5., 5., 6., 6.),  # a pixel
    (5., 5., 5., 30.),  # no width
    (-500., -500., -400., -400.),  # outside
    (-1e6, -1e6, 1e6, 1e6),
    (3e-5, 3e-5, 4e-5, 4e-5)
])
def test_boxes_that_a_foreign_pipeline_lets_through(shared, box):
    """FilterBoxes drops those without a part in the image, and those with
    swapped corners, of which GIoU makes no sense."""
    data = make_clip(3)
    for frame in frames_of(data):
        frame.gt_instances.bboxes[1] = torch.tensor(box)
    train(shared, data)


@pytest.mark.parametrize('cap', [0, 1])
def test_caps_on_track_queries(cap):
    trained = build(max_track_queries=cap)
    seen = []
    step = trained[0].step
    trained[0].step = lambda memory, tracks: (
        seen.append(len(tracks)), step(memory, tracks))[1]
    train(trained, make_clip(4, 2, num_frames=3))
    assert seen == [0, cap, cap]


def test_a_thousand_objects_in_a_frame(monkeypatch):
    """Of 12 detect queries; one line says so. Memory and time are bounded by
    the caps on track queries and crops."""
    messages = []
    monkeypatch.setattr(
        'ipmot_mm.models.task_modules.clip_assigner.print_log',
        lambda message, **kwargs: messages.append(message))
    trained = build()
    start = time.process_time()
    for _ in range(2):
        train(trained, make_clip(1000, 0, num_frames=3))
    assert time.process_time() - start < 60
    assert len(messages) == 1
    assert '1000 objects but only 12 detect queries' in messages[0]


def test_weights_that_are_not_finite_do_not_track_in_silence(monkeypatch):
    """A warning per video; the next video warns again."""
    messages = []
    monkeypatch.setattr(
        'ipmot_mm.models.mot.frame_loop.print_log',
        lambda message, **kwargs: messages.append(message))
    model, _ = build()
    model.eval()
    model.detector.encoder.layers[0].ffn.layers[1].bias.data[0] = torch.nan
    for _ in range(2):
        data = model.data_preprocessor(make_clip(2, num_frames=3))
        samples = model(**data, mode='predict')
        for frame in samples[0].video_data_samples:
            assert len(frame.pred_track_instances) == 0
    assert len(messages) == 2
    assert messages[0].startswith('clip0/000001.jpg: no track can be')


@pytest.mark.parametrize('num_frames', [1, 4])
def test_a_video_without_any_track(num_frames):
    model, _ = build()
    model.eval().tracker.newborn_score_thr = 2.0
    data = model.data_preprocessor(make_clip(2, num_frames=num_frames))
    samples = model(**data, mode='predict')
    for frame in samples[0].video_data_samples:
        tracks = frame.pred_track_instances
        assert tracks.bboxes.shape == (0, 4) and len(tracks.scores) == 0
    assert not model.track_state.tracks.valid.any()
    assert model.track_state.num_ids.tolist() == [0]
