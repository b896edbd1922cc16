"""A tracker with more detect queries than its checkpoint."""
import pytest
import torch

from ipmot_mm.registry import MODELS
from ipmot_mm.testing import tiny_model_cfg

TOOL = 'model_converters/widen_queries.py'
CONTENT = 'detector.query_content.weight'
ANCHOR = 'detector.query_anchor.weight'


@pytest.fixture
def narrow(tmp_path):
    """Checkpoint of a training: three queries, rows of a TrackBook."""
    weights = {
        CONTENT: torch.randn(3, 8),
        ANCHOR: torch.randn(3, 4),
        'updater.a': torch.ones(2),
        'track_book.tokens': torch.ones(5, 2)
    }
    torch.save(
        dict(state_dict=weights, optimizer={}, meta={}),
        tmp_path / 'narrow.pth')
    return weights


def widened(call, tmp_path, num_queries):
    code, out, err = call(tmp_path / 'narrow.pth', tmp_path / 'wide.pth',
                          '--num-queries', num_queries)
    assert code == 0, err
    assert f'{num_queries} detect queries, 3 of them from' in out
    checkpoint = torch.load(tmp_path / 'wide.pth')
    assert list(checkpoint) == ['state_dict']
    return checkpoint['state_dict']


def test_old_queries_stay_and_new_ones_stand_elsewhere(call, narrow, tmp_path):
    weights = widened(call, tmp_path, 8)
    assert weights.keys() == {CONTENT, ANCHOR, 'updater.a'}
    assert weights['updater.a'].equal(narrow['updater.a'])
    for row in range(8):
        content, anchor = weights[CONTENT][row], weights[ANCHOR][row]
        assert content.equal(narrow[CONTENT][row % 3])
        assert anchor[2:].equal(narrow[ANCHOR][row % 3, 2:])
        assert anchor[:2].equal(narrow[ANCHOR][row % 3, :2]) == (row < 3)
    centres = weights[ANCHOR][3:, :2].sigmoid()
    assert ((centres > 0.05) & (centres < 0.95)).all()
    assert len(torch.unique(centres, dim=0)) == 5


def test_the_same_queries_again(call, narrow, tmp_path):
    first, second = (widened(call, tmp_path, 7) for _ in range(2))
    assert first[ANCHOR].equal(second[ANCHOR])
    same = widened(call, tmp_path, 3)
    assert same[ANCHOR].equal(narrow[ANCHOR])
    assert same[CONTENT].equal(narrow[CONTENT])


def test_a_model_with_more_queries_takes_the_weights(call, tmp_path):
    model = MODELS.build(tiny_model_cfg(num_queries=3))
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'narrow.pth')
    weights = widened(call, tmp_path, 5)
    wide = MODELS.build(tiny_model_cfg(num_queries=5))
    wide.load_state_dict(weights)  # strictly
    assert wide.detector.query_content.weight[3].equal(
        model.detector.query_content.weight[0])


def test_what_cannot_be_widened_is_refused(call, narrow, tmp_path):
    out = tmp_path / 'wide.pth'
    code, _, err = call(tmp_path / 'narrow.pth', out, '--num-queries', 2)
    assert code == 2
    assert 'has 3 detect queries, and --num-queries is 2; give at' in err
    torch.save(dict(state_dict=dict(a=torch.ones(2))), tmp_path / 'a.pth')
    code, _, err = call(tmp_path / 'a.pth', out, '--num-queries', 9)
    assert code == 2 and f'has no {CONTENT} with {ANCHOR}; give the' in err
    code, _, err = call(tmp_path / 'no.pth', out, '--num-queries', 9)
    assert code == 2 and err.startswith('error: checkpoint not found')
    assert not out.exists()
