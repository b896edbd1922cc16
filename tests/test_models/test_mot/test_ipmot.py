"""The tracker as a whole: one step, gradients, degenerate clips."""
import pytest
import torch

from ipmot_mm.models.losses import ClipFrame
from ipmot_mm.models.mot.clip_batch import read_targets
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import TrackQueries
from ipmot_mm.testing import make_clip, tiny_model_cfg


def build(cfg, training=True):
    """An initialised model that takes all detections for tracks."""
    model = MODELS.build(cfg)
    model.init_weights()
    return model.train(training)


def shake(model):
    """Leave the initial point, where some gradients vanish: weights of
    sampling offsets and box layers start as 0."""
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return model


def bold(cfg):
    """Open all gates, so that an untrained model has confident tracks."""
    cfg.assigner.update(track_score_thr=0.0, iou_thr=0.0)
    cfg.assigner.false_positives.score_thr = 0.0
    cfg.updater.update_score_thr = 0.0
    cfg.tracker.update(
        track_score_thr=0.0, newborn_score_thr=0.0, output_score_thr=0.0,
        min_area=0.0)
    return cfg


def loss_of(model, *counts, **kwargs):
    data = model.data_preprocessor(make_clip(*counts, **kwargs), True)
    return model(**data, mode='loss')


def predict(model, data):
    data = model.data_preprocessor(data, False)
    (sample, ) = model(**data, mode='predict')
    return [frame.pred_track_instances for frame in sample.video_data_samples]


@pytest.mark.parametrize('base', ['ipmot_dab_r50', 'ipmot_deformable_r50'])
@pytest.mark.parametrize('detect_only', [0, 1])
def test_every_trainable_parameter_gets_gradient(base, detect_only):
    cfg = bold(tiny_model_cfg(base, num_detect_only_layers=detect_only))
    cfg.clip_loss.align_layers = 2
    cfg.clip_loss.triplet.margin = 100.0  # the hinge never rests
    model = shake(build(cfg))
    model.parse_losses(loss_of(model, 4, 2))[0].backward()
    without = [
        name for name, parameter in model.named_parameters()
        if parameter.requires_grad and (parameter.grad is None
                                        or not parameter.grad.any())
    ]
    assert without == []
    assert all(parameter.grad.isfinite().all()
               for parameter in model.parameters() if parameter.requires_grad)


@pytest.mark.parametrize('counts', [(0, ), (0, 3), (1, ), (12, 14)])
@pytest.mark.parametrize('num_frames', [1, 2])
def test_losses_are_finite_whatever_the_clip(counts, num_frames):
    model = build(bold(tiny_model_cfg()))
    losses = loss_of(model, *counts, num_frames=num_frames)
    total, _ = model.parse_losses(losses)
    total.backward()
    assert total.isfinite()
    if sum(counts) == 0:
        assert losses['loss_bbox'] == losses['loss_iou'] == 0


def change(cfg, **changes):
    """Set dotted keys of a config."""
    for name, value in changes.items():
        *path, last = name.split('__')
        node = cfg
        for part in path:
            node = node[part]
        node[last] = value
    return cfg


def updater(kind):
    dims = dict(embed_dims=32, num_heads=4, feedforward_channels=64)
    return dict(
        type=kind,
        update_score_thr=0.0,
        **({} if kind == 'IdentityUpdater' else dims))


@pytest.mark.parametrize('cfg', [
    *[change(tiny_model_cfg(), assigner__policy=policy)
      for policy in ('qbs', 'tala', 'cola')],
    *[change(tiny_model_cfg(), updater=updater(kind))
      for kind in ('IdentityUpdater', 'QueryUpdater', 'MemoryQueryUpdater')],
    *[change(tiny_model_cfg('ipmot_deformable_r50'), updater=updater(kind))
      for kind in ('IdentityUpdater', 'PositionalQueryUpdater')],
    *[tiny_model_cfg(num_levels=levels) for levels in (1, 3, 4)],
    *[tiny_model_cfg(num_layers=layers, num_detect_only_layers=0)
      for layers in (1, 3, 6)],
    tiny_model_cfg(num_layers=6, num_detect_only_layers=5),
    change(tiny_model_cfg(), dedup=None, clip_loss__dedup=None),
    change(tiny_model_cfg(), clip_loss__triplet=None,
           detector__bbox_head__joint_dims=None),
    change(tiny_model_cfg(), detector__encoder__with_cp=True,
           detector__decoder__with_cp=True),
    change(tiny_model_cfg('ipmot_deformable_r50'), assigner__policy='tala',
           dedup=None, clip_loss__dedup=None, clip_loss__triplet=None,
           clip_loss__align_layers=1),
])  # yapf: disable
def test_every_combination_trains_a_step(cfg):
    model = build(bold(cfg))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    for _ in range(2):
        total, log_vars = model.parse_losses(loss_of(model, 3, 1))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        assert total.isfinite()
    changed = [k for k, v in model.state_dict().items()
               if not torch.equal(v, before[k])]
    assert len(changed) > len(before) // 2
    assert len(predict(model.eval(), make_clip(2))) == 3


@pytest.mark.parametrize('base', ['ipmot_dab_r50', 'ipmot_deformable_r50'])
def test_loss_and_predict_share_one_step(base, monkeypatch):
    """With the tracker's selection, training decodes what testing does."""
    model = build(bold(tiny_model_cfg(base)), training=False)
    model.clip_loss.triplet = None  # no embeddings in eval mode
    model.tracker.min_slots = 64  # room for all, so that nothing is repeated
    steps, selections = [], []
    step, tracker, assigner = model.step, model.tracker, model.assigner
    monkeypatch.setattr(
        model, 'step', lambda *args: steps.append(step(*args)) or steps[-1])
    select = type(tracker).__call__

    def record(*args):
        selected = select(*args)
        selections.append(selected[0])
        return selected

    monkeypatch.setattr(type(tracker), '__call__', record)
    predict(model, make_clip(3))
    tested, steps[:] = list(steps), []
    replay = iter(selections)
    model.assigner = lambda *args: (assigner(*args)[0], next(replay))
    with torch.no_grad():
        loss_of(model, 3)
    assert len(steps) == len(tested) == 3
    counts = [int(outputs.valid.sum()) for outputs in tested]
    assert counts[0] < counts[1] < counts[2]
    for count, ours, theirs in zip(counts, steps, tested):
        assert ours.valid[0, :count].all() and theirs.valid[0, :count].all()
        for name in ('cls_logits', 'bboxes', 'hidden_states'):
            torch.testing.assert_close(
                getattr(ours, name)[:, :, :count],
                getattr(theirs, name)[:, :, :count])
        torch.testing.assert_close(ours.dedup_logits[:, :count],
                                   theirs.dedup_logits[:, :count])


@pytest.mark.parametrize('base', ['ipmot_dab_r50', 'ipmot_deformable_r50'])
def test_batch_of_two_clips_equals_two_batches_of_one(base):
    """Poorer clips are padded with queries that nobody sees."""
    model = shake(build(bold(tiny_model_cfg(base))))
    model.assigner.spawner = None  # 4 tracks against 1
    both = loss_of(model, 4, 1)
    alone = [loss_of(model, 4), loss_of(model, 1, seed=1)]
    for name, value in both.items():
        parts = [losses[name] for losses in alone]
        if 'triplet' in name:
            expected = sum(parts) / 2
        else:  # the objects of both clips are the normaliser
            expected = (4 * parts[0] + parts[1]) / 5
        torch.testing.assert_close(value, expected, atol=1e-4, rtol=1e-4)


def two_frames(model):
    """Outputs of frame 0, tracks and outputs of frame 1, with graph."""
    data = model.data_preprocessor(make_clip(3, num_frames=2), True)
    targets = read_targets(data['data_samples'])
    memory = model.encode(data['inputs'], [t.img_shape for t in targets[0]])
    first = model.step(
        memory.frame(0, 2), TrackQueries.empty(1, model.detector.embed_dims))
    _, selection = model.assigner(first, TrackQueries.empty(1, 32),
                                  [targets[0][0]])
    tracks = model.updater(TrackQueries.empty(1, 32), first, selection)
    second = model.step(memory.frame(1, 2), tracks)
    assignment, _ = model.assigner(second, tracks, [targets[0][1]])
    frame = ClipFrame(second, assignment, [targets[0][1]])
    return first, tracks, model.parse_losses(model.clip_loss.reduce([frame]))


@pytest.mark.parametrize('base', ['ipmot_dab_r50', 'ipmot_deformable_r50'])
def test_gradient_crosses_frames_by_content_never_by_boxes(base):
    model = shake(build(bold(tiny_model_cfg(base))))
    first, tracks, (loss, _) = two_frames(model)
    assert len(tracks) == 12 and not tracks.anchors.requires_grad
    hidden, boxes, content = torch.autograd.grad(
        loss, [first.hidden_states, first.bboxes, tracks.content],
        allow_unused=True)
    assert hidden.any() and content.any()
    assert boxes is None  # frame 0's boxes have no part in frame 1's loss


def test_anchors_of_confident_tracks_follow_the_box():
    model = build(bold(tiny_model_cfg()))
    first, tracks, _ = two_frames(model)
    born = first.bboxes[-1, 0].detach()
    distances = torch.cdist(tracks.anchors[0], born).amin(1)
    assert distances.max() < 1e-6


def test_targets_without_a_triplet_pair_keep_the_loss_keys():
    model = build(tiny_model_cfg(num_layers=3))
    expected = {
        f'{layer}loss_{name}'
        for name in ('cls', 'bbox', 'iou') for layer in ('d0.', 'd1.', '')
    } | {'loss_dedup', 'loss_triplet', 'd1.loss_triplet'}
    for counts in ((0, ), (1, ), (5, 2)):
        assert set(loss_of(model, *counts)) == expected


def test_profiling_forward_decodes_the_first_frame():
    model = build(tiny_model_cfg(), training=False)
    data = model.data_preprocessor(make_clip(2, 1), False)
    outputs = model(**data, mode='tensor')
    assert outputs.cls_logits.shape == (2, 2, 12, 1)
    assert outputs.dedup_logits.shape == (2, 12)
