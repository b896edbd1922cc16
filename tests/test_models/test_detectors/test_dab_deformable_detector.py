"""Detect queries of DAB-Deformable-DETR."""
import torch
from detector_samples import DIMS, make_detector


def test_detect_queries_are_learned_contents_and_anchors():
    detector = make_detector('dab', num_queries=7)
    content, anchors, position = detector.detect_queries()
    assert position is None
    assert content is detector.query_content.weight
    logits = detector.query_anchor.weight
    assert logits.shape == (7, 4) and content.shape == (7, DIMS)
    torch.testing.assert_close(anchors, 1 / (1 + (-logits).exp()))


def test_content_std_sets_the_initial_contents():
    detector = make_detector('dab', num_queries=200)
    detector.content_std = 0.01
    detector.init_weights()
    std = detector.query_content.weight.std().item()
    assert 0.009 < std < 0.011
