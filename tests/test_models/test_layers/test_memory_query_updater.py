"""Short and long memory of the MeMOTR style updater."""
import pytest
import torch
from layer_samples import (DIMS, FFN, HEADS, make_outputs, make_selection,
                           randomise)
from mmdet.models.layers import coordinate_to_encoding

from ipmot_mm.models.layers import MemoryQueryUpdater
from ipmot_mm.structures import TrackQueries

NUM_DETECT = 5


def make_updater(momentum=0.2):
    return randomise(
        MemoryQueryUpdater(
            embed_dims=DIMS,
            num_heads=HEADS,
            feedforward_channels=FFN,
            memory_momentum=momentum))


def run_frames(updater, scores):
    """Follow two newborns; ``scores[t]`` are theirs in frame t.

    Returns the tracks and outputs of all frames.
    """
    tracks, frames = TrackQueries.empty(1, DIMS), []
    for t, frame_scores in enumerate(scores):
        outputs = make_outputs(NUM_DETECT, 2 if t else 0, batch_size=1)
        inds = [[NUM_DETECT, NUM_DETECT + 1]] if t else [[3, 1]]
        selection = make_selection(inds, [frame_scores])
        tracks = updater(tracks, outputs, selection)
        frames.append((tracks, outputs, inds[0]))
    return frames


def test_long_memory_is_a_slow_average_over_confident_frames():
    momentum = 0.2
    scores = [[0.9, 0.1], [0.3, 0.8], [0.7, 0.2], [0.9, 0.9]]
    frames = run_frames(make_updater(momentum), scores)
    for track in range(2):
        _, outputs, inds = frames[0]
        expected = outputs.last_content[0, inds[track]]
        last = outputs.hidden_states[-1, 0, inds[track]]
        for t, (tracks, outputs, inds) in enumerate(frames):
            output = outputs.hidden_states[-1, 0, inds[track]]
            if scores[t][track] > 0.5:
                expected = (1 - momentum) * expected + momentum * output
                last = output
            torch.testing.assert_close(tracks.long_memory[0, track], expected)
            torch.testing.assert_close(tracks.last_output[0, track], last)


def test_formula():
    updater = make_updater()
    frames = run_frames(updater, [[0.9, 0.9]] * 2)
    before, (after, outputs, inds) = frames[0][0], frames[1]
    hidden = outputs.hidden_states[-1, 0, inds]
    memory = before.long_memory[0]
    position = updater.pos_head(
        coordinate_to_encoding(outputs.bboxes[-1, :, inds], DIMS // 2)[0])
    trusted = updater.confidence(hidden).sigmoid() * hidden
    short = updater.fusion(torch.cat([trusted, before.last_output[0]], -1))
    x = updater.self_attn(short + position, memory + position, hidden)[0]
    x = updater.attn_norm(hidden + x)
    x = updater.ffn_norm(x + updater.ffn(x))
    x = updater.memory_norm(memory + x)
    expected = updater.content_norm(x + updater.content_ffn(x))
    torch.testing.assert_close(after.content[0], expected)


def test_long_memory_is_read_without_gradient():
    frames = run_frames(make_updater(), [[0.9, 0.9]] * 2)
    (_, first, _), (tracks, second, _) = frames
    wanted = [first.last_content, first.hidden_states, second.hidden_states]
    grads = torch.autograd.grad(
        tracks.content.square().sum(), wanted, allow_unused=True)
    assert not grads[0].any()  # only the long memory held it
    assert grads[1][-1].any()  # the short memory remembers
    assert grads[2][-1].any()


@pytest.mark.parametrize('momentum', [0.0, 1.0])
def test_extreme_momentum(momentum):
    frames = run_frames(make_updater(momentum), [[0.9, 0.9]] * 3)
    _, outputs, inds = frames[2] if momentum else frames[0]
    source = outputs.hidden_states[-1] if momentum else outputs.last_content
    torch.testing.assert_close(frames[2][0].long_memory[0], source[0, inds])


def test_default_momentum():
    updater = MemoryQueryUpdater(embed_dims=DIMS, num_heads=HEADS)
    assert updater.memory_momentum == 0.01
    assert updater.update_score_thr == 0.5
