"""Who keeps the state of the last frame and who gets a new one."""
import pytest
import torch
from layer_samples import (DIMS, FFN, HEADS, make_outputs, make_selection,
                           randomise)
from mmdet.models.layers import coordinate_to_encoding

from ipmot_mm.models.layers import (IdentityUpdater, MemoryQueryUpdater,
                                    PositionalQueryUpdater, QueryUpdater)
from ipmot_mm.models.layers.query_updater import RESIDUALS
from ipmot_mm.structures import TrackQueries

UPDATERS = (IdentityUpdater, QueryUpdater, PositionalQueryUpdater,
            MemoryQueryUpdater)
ALL = pytest.mark.parametrize('updater_type', UPDATERS)
STATES = ('content', 'query_pos', 'last_output', 'long_memory')
NUM_DETECT = 5
INDS = [[6, 1, 7, 3], [0, 5, 2, 0]]  # 5, 6 and 7 are tracks


def make_updater(updater_type, **kwargs):
    if updater_type is not IdentityUpdater:
        kwargs.update(
            embed_dims=DIMS, num_heads=HEADS, feedforward_channels=FFN)
    return randomise(updater_type(**kwargs))


def make_frame(updater_type, num_tracks=3, num_selected=4, scores=None):
    """Tracks that enter a frame, its outputs and a selection."""
    is_plain = updater_type is PositionalQueryUpdater
    outputs = make_outputs(NUM_DETECT, num_tracks, with_pos=is_plain)
    tracks = TrackQueries.empty(2, DIMS)
    if num_tracks > 0:
        shape = (2, num_tracks)
        numbers = torch.zeros(shape, dtype=torch.long)
        states = {'content': torch.randn(*shape, DIMS, requires_grad=True)}
        if is_plain:
            states['query_pos'] = outputs.query_pos[:, NUM_DETECT:]
        if updater_type is MemoryQueryUpdater:
            for name in ('last_output', 'long_memory'):
                states[name] = torch.randn(*shape, DIMS, requires_grad=True)
        tracks = TrackQueries(
            anchors=torch.rand(*shape, 4),
            ids=numbers,
            labels=numbers,
            scores=torch.zeros(shape),
            ious=torch.zeros(shape),
            num_frames_missed=numbers,
            valid=numbers == 0,
            **states)
    inds = [row[:num_selected] for row in INDS]
    if scores is None:
        scores = [[0.9] * num_selected] * 2
    return tracks, outputs, make_selection(inds, scores)


def entered_with(tracks, outputs, name, n, query):
    """State of one query when it entered the frame, by hand."""
    if query >= NUM_DETECT:
        return getattr(tracks, name)[n, query - NUM_DETECT]
    source = dict(
        content=outputs.last_content,
        anchors=outputs.last_anchors,
        query_pos=outputs.query_pos,
        long_memory=outputs.last_content,
        last_output=outputs.hidden_states[-1])[name]
    return source[n, query]


@ALL
def test_an_unsure_query_keeps_its_state_bit_for_bit(updater_type):
    scores = [[0.5, 0.9, 0.2, 0.51], [0.1, 0.49, 0.7, 0.0]]
    frame = make_frame(updater_type, scores=scores)
    updated = make_updater(updater_type)(*frame)
    for n in range(2):
        for s, query in enumerate(INDS[n]):
            is_confident = scores[n][s] > 0.5
            for name in ('anchors', *STATES):
                if getattr(updated, name) is None:
                    continue
                got = getattr(updated, name)[n, s]
                old = entered_with(*frame[:2], name, n, query)
                is_same = torch.equal(got, old)
                # a newborn's last output is that of this frame either way
                if not (name == 'last_output' and query < NUM_DETECT):
                    assert is_same != is_confident, (name, n, s)
            if is_confident:
                assert torch.equal(updated.anchors[n, s],
                                   frame[1].bboxes[-1, n, query])


@ALL
def test_threshold_is_exclusive_and_configurable(updater_type):
    frame = make_frame(updater_type, scores=[[0.75, 0.76, 0.5, 0.8]] * 2)
    updated = make_updater(updater_type, update_score_thr=0.75)(*frame)
    moved = [(updated.anchors[n] == frame[2].gather(
        frame[1].bboxes[-1])[n]).all(-1).tolist() for n in range(2)]
    assert moved == [[False, True, False, True]] * 2


@ALL
def test_the_selection_names_the_tracks(updater_type):
    tracks, outputs, selection = make_frame(updater_type)
    updated = make_updater(updater_type)(tracks, outputs, selection)
    for name in ('ids', 'labels', 'scores', 'ious', 'num_frames_missed',
                 'valid'):
        assert torch.equal(getattr(updated, name), getattr(selection, name))


@ALL
def test_contents_carry_gradient_and_anchors_do_not(updater_type):
    tracks, outputs, selection = make_frame(
        updater_type, scores=[[0.9, 0.9, 0.1, 0.1]] * 2)
    updated = make_updater(updater_type)(tracks, outputs, selection)
    assert not updated.anchors.requires_grad
    updated.content.square().sum().backward()
    hidden = outputs.hidden_states.grad[-1]
    assert hidden[0, 6].any() and hidden[0, 1].any()  # confident
    assert outputs.bboxes.grad is None
    # an unsure track hands its old content on, with gradient
    assert tracks.content.grad[0, 7 - NUM_DETECT].any()
    assert outputs.last_content.grad[0, 3].any()


def test_positions_of_the_plain_detector_carry_gradient():
    frame = make_frame(
        PositionalQueryUpdater, scores=[[0.9, 0.9, 0.1, 0.1]] * 2)
    updated = make_updater(PositionalQueryUpdater)(*frame)
    updated.query_pos.square().sum().backward()
    assert frame[1].query_pos.grad[0, INDS[0]].any(-1).all()


@pytest.mark.parametrize('updater_type', UPDATERS[1:])
def test_every_parameter_gets_gradient(updater_type):
    updater = make_updater(updater_type)
    updated = updater(*make_frame(updater_type))
    # the next frame reads content and position
    loss = updated.content.square().sum()
    if updated.query_pos is not None:
        loss = loss + updated.query_pos.square().sum()
    loss.backward()
    for name, parameter in updater.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), name


def test_identity_updater_passes_the_output_on():
    tracks, outputs, selection = make_frame(IdentityUpdater)
    updater = IdentityUpdater()
    assert not list(updater.parameters())
    updated = updater(tracks, outputs, selection)
    assert torch.equal(updated.content,
                       selection.gather(outputs.hidden_states[-1]))


@pytest.mark.parametrize('residual', RESIDUALS)
@pytest.mark.parametrize('updater_type',
                         [QueryUpdater, PositionalQueryUpdater])
def test_formula_of_the_interaction(updater_type, residual):
    updater = make_updater(updater_type, residual=residual)
    tracks, outputs, selection = make_frame(updater_type)
    updated = updater(tracks, outputs, selection)
    for n in range(2):
        hidden = outputs.hidden_states[-1][n, INDS[n]]
        old = outputs.last_content[n, INDS[n]]
        if residual == 'carried':
            old = torch.stack([
                entered_with(tracks, outputs, 'content', n, q)
                for q in INDS[n]
            ])
        if updater_type is QueryUpdater:
            boxes = outputs.bboxes[-1][n, INDS[n]]
            position = updater.pos_head(
                coordinate_to_encoding(boxes[None], DIMS // 2)[0])
        else:
            position = outputs.query_pos[n, INDS[n]]
        query = hidden + position
        x = updater.attn_norm(hidden +
                              updater.self_attn(query, query, hidden)[0])
        x = updater.ffn_norm(x + updater.ffn(x))
        torch.testing.assert_close(
            updated.content[n],
            updater.content_norm(old + updater.content_ffn(x)))
        if updater_type is PositionalQueryUpdater:
            torch.testing.assert_close(
                updated.query_pos[n],
                updater.pos_norm(position + updater.pos_ffn(x)))


@pytest.mark.parametrize('updater_type, residual, message', [
    (QueryUpdater, 'none', r"one of \('carried', 'decoded'\), got 'none'"),
    (MemoryQueryUpdater, 'decoded', 'leave residual out')])
def test_what_is_added_to_is_checked(updater_type, residual, message):
    with pytest.raises(ValueError, match=message):
        make_updater(updater_type, residual=residual)


def test_an_unsure_track_is_not_decoded_anew():
    tracks, outputs, selection = make_frame(
        QueryUpdater, scores=[[0.1] * 4] * 2)
    updater = make_updater(QueryUpdater, residual='decoded')
    updated = updater(tracks, outputs, selection)
    assert torch.equal(updated.content[0, 0], tracks.content[0, 1])


@ALL
@pytest.mark.parametrize('num_tracks', [0, 3])
def test_nothing_selected(updater_type, num_tracks):
    updater = make_updater(updater_type)
    frame = make_frame(updater_type, num_tracks, num_selected=0)
    updated = updater(*frame)
    assert len(updated) == 0 and updated.content.shape == (2, 0, DIMS)
    # and the frame after it
    _, outputs, selection = make_frame(updater_type, 0, 2, [[0.9, 0.9]] * 2)
    selection.query_inds.clamp_(max=NUM_DETECT - 1)
    assert len(updater(updated, outputs, selection)) == 2


@ALL
@pytest.mark.parametrize(
    'valid',
    [[[True] * 4, [False] * 4], [[True] * 4, [True, True, False, False]]])
def test_padding_is_not_seen_and_gives_no_nan(updater_type, valid):
    updater = make_updater(updater_type)
    tracks, outputs, _ = make_frame(updater_type)
    selection = make_selection(INDS, [[0.9] * 4] * 2, valid)
    updated = updater(tracks, outputs, selection)
    is_valid = torch.tensor(valid)
    (updated.content * is_valid[..., None]).square().sum().backward()
    leaves = [
        outputs.hidden_states, outputs.last_content,
        *(p for p in updater.parameters() if p.grad is not None)
    ]
    assert updated.content.isfinite().all()
    assert all(leaf.grad is None or leaf.grad.isfinite().all()
               for leaf in leaves)
    other = make_selection([INDS[0], [0, 5, 4, 6]], [[0.9] * 4] * 2, valid)
    torch.testing.assert_close(
        updater(tracks, outputs, other).content[is_valid],
        updated.content[is_valid])


def test_a_sample_without_tracks_attends_to_its_padding():
    tracks = make_frame(QueryUpdater)[0].replace(
        valid=torch.tensor([[True, True, False], [False] * 3]))
    assert QueryUpdater.attended_tracks(tracks).tolist() == [[
        True, True, False
    ], [True] * 3]


def test_positional_updater_names_the_detector_that_it_needs():
    tracks, outputs, selection = make_frame(QueryUpdater)
    with pytest.raises(ValueError, match='use QueryUpdater with DABDeform'):
        make_updater(PositionalQueryUpdater)(tracks, outputs, selection)
