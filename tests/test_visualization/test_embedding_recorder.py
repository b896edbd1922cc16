"""Each track gets the embedding of the query that carries it."""
import pytest
import torch
from query_samples import NUM_TRACKS, make_tracker, track

from ipmot_mm.structures import TrackState
from ipmot_mm.visualization.embedding_recorder import EmbeddingRecorder


def outputs_of(model, call):
    """What the detector said in each frame of a call."""
    said, step = [], model.step

    def listen(*args):
        said.append(step(*args))
        return said[-1]

    model.step = listen
    result = call()
    model.step = step
    return said, result


def query_of(box, outputs, video):
    """The query with this box, which is in pixels of 96 x 64."""
    centres, sizes = outputs.bboxes[-1, video].split(2, -1)
    corners = torch.cat([centres - sizes / 2, centres + sizes / 2], 1)
    gaps = (corners * torch.tensor([96, 64, 96, 64]) - box).abs().amax(1)
    assert (gaps < 1e-3).sum() == 1
    return int(gaps.argmin())


@pytest.mark.parametrize('kind', ['output', 'instance'])
@pytest.mark.parametrize('num_videos', [1, 2])
def test_rows_are_those_of_the_query_with_the_box(kind, num_videos):
    model = make_tracker()
    states = [TrackState() for _ in range(num_videos)]
    with EmbeddingRecorder(model, kind=kind):
        said, videos = outputs_of(
            model, lambda: track(model, 3, num_videos, states))
    for video, frames in enumerate(videos):
        for t, (outputs, tracks) in enumerate(zip(said, frames)):
            assert len(tracks) == NUM_TRACKS
            for row, box in enumerate(tracks.bboxes):
                query = query_of(box, outputs, video)
                expected = outputs.hidden_states[-1, video, query]
                if kind == 'instance':
                    branch = model.detector.bbox_head.embed_branches[-1]
                    expected = branch(expected)
                torch.testing.assert_close(tracks.embeddings[row], expected)
                is_track = query >= outputs.num_detect_queries
                assert bool(tracks.from_track_query[row]) == is_track
                assert is_track == (t > 0)


def test_frames_without_tracks():
    model = make_tracker(**{'tracker.newborn_score_thr': 2.0})
    with EmbeddingRecorder(model):
        tracks = track(model, 1)[0][0]
    assert tracks.embeddings.shape == (0, 32)
    assert tracks.from_track_query.shape == (0, )


def test_afterwards_tracks_have_no_embeddings():
    model = make_tracker()
    with EmbeddingRecorder(model):
        pass
    assert 'embeddings' not in track(model, 1)[0][0]


def test_what_there_is_not_is_refused():
    with pytest.raises(ValueError, match=r"kind must be one of \('output', "
                       r"'instance'\), got 'text'"):
        EmbeddingRecorder(make_tracker(), kind='text')
    model = make_tracker(**{'detector.bbox_head.joint_dims': None})
    with pytest.raises(ValueError, match='joint_dims is None; take '
                       'kind="output"'):
        EmbeddingRecorder(model, kind='instance')
