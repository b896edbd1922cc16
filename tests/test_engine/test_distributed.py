"""Two ranks: both optimisers step, and the ranks stay equal."""
import pytest
import torch
import torch.multiprocessing as mp

from ipmot_mm.engine.distributed import IPMOTDistributedDataParallel
from ipmot_mm.engine.optim import AlternatingOptimWrapperConstructor
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing import make_clip, tiny_model_cfg

OPTIM = dict(
    tracker=dict(optimizer=dict(type='AdamW', lr=1e-3)),
    track_book=dict(optimizer=dict(type='RowwiseAdamW', lr=1e-2)))
CLIPS = {0: (3, 1), 1: (0, 4), 2: (2, 2)}  # objects on each rank, per step


def build():
    torch.manual_seed(0)
    cfg = tiny_model_cfg(with_track_book=True)
    cfg.assigner.update(track_score_thr=0.0, iou_thr=0.0)
    model = MODELS.build(cfg)
    model.init_weights()
    return model.train()


def set_identities(model):
    model.track_book.set_identity_map(
        IdentityMap.from_keys(('a', 'b', i) for i in range(1, 8)))


def _train(rank, folder):
    """Three steps of one of two ranks; saves weights, tokens and logs."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    model = build()
    wrapped = IPMOTDistributedDataParallel(
        module=model, find_unused_parameters=True, broadcast_buffers=False)
    optimizers = AlternatingOptimWrapperConstructor(OPTIM)(wrapped)
    set_identities(model)
    logs = []
    for step, counts in CLIPS.items():
        data = make_clip(counts[rank], num_frames=2, seed=10 * step + rank)
        logs.append(wrapped.train_step(data, optimizers))
    torch.save((model.state_dict(), logs), f'{folder}/rank{rank}.pth')
    torch.distributed.destroy_process_group()


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    folder = tmp_path_factory.mktemp('ranks')
    mp.spawn(_train, (str(folder), ), nprocs=2)
    return [torch.load(folder / f'rank{rank}.pth') for rank in range(2)]


def test_parameters_and_tokens_are_equal_over_ranks(ranks):
    (first, _), (second, _) = ranks
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_both_optimisers_stepped(ranks):
    model = build()
    AlternatingOptimWrapperConstructor(OPTIM)(model)
    set_identities(model)
    trained = ranks[0][0]
    tokens = model.track_book.tokens
    changed = (trained['track_book.tokens'] != tokens).any(1)
    assert changed.tolist() == [True] * 4 + [False] * 3
    for part in ('detector.backbone.layer4', 'detector.bbox_head', 'updater',
                 'dedup'):
        assert any(not torch.equal(trained[name], value)
                   for name, value in model.state_dict().items()
                   if name.startswith(part)), part


def test_a_rank_without_objects_logs_the_same_losses(ranks):
    (_, first), (_, second) = ranks
    for logs in zip(first, second):
        assert logs[0].keys() == logs[1].keys()
        assert all(value.isfinite() for log in logs for value in log.values())
        # the TrackBook learns from the crops of all ranks
        torch.testing.assert_close(logs[0]['loss_i2t'], logs[1]['loss_i2t'])
    assert second[0]['loss_bbox'] > 0 == first[1]['loss_bbox']


def test_two_ranks_equal_one_batch_of_both_clips(ranks):
    """The detection losses of the first step, before any update."""
    model = build()
    model.clip_loss.triplet = model.clip_loss.image_to_text = None
    data = dict(inputs=[], data_samples=[])
    for rank, count in enumerate(CLIPS[0]):
        clip = make_clip(count, num_frames=2, seed=rank)
        data['inputs'] += clip['inputs']
        data['data_samples'] += clip['data_samples']
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    for name, value in losses.items():
        # each rank divides by the mean number of objects per rank
        parts = [log[0][name] for _, log in ranks]
        torch.testing.assert_close(value.detach(), sum(parts) / 2, msg=name)
