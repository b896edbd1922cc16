"""Embeddings on a plane."""
import sys

import numpy as np
import pytest

from ipmot_mm.structures import NO_ID
from ipmot_mm.visualization.embedding_plot import (check_projection,
                                                   draw_embeddings,
                                                   make_panels,
                                                   project_embeddings)
from ipmot_mm.visualization.embedding_table import EmbeddingTable
from ipmot_mm.visualization.picture_file import to_image


def make_table(ids, num_frames=12, seed=0):
    """A cloud for each person; track ids are 100 more."""
    random = np.random.default_rng(seed)
    who = np.repeat(ids, num_frames)
    centres = {person: random.normal(size=8) * 9 for person in set(ids)}
    rows = np.stack([centres[person] for person in who])
    return EmbeddingTable(
        embeddings=(rows + random.normal(size=rows.shape)).astype(np.float32),
        frames=np.tile(np.arange(num_frames), len(ids)),
        track_ids=who + 100,
        gt_ids=who)


def test_principal_components_are_the_eigenvectors_of_the_covariance():
    rows = np.random.default_rng(0).normal(size=(30, 5)) * [1, 9, 2, 5, 1]
    points = project_embeddings(rows, 'pca')
    values, vectors = np.linalg.eigh(np.cov(rows.T))
    expected = (rows - rows.mean(0)) @ vectors[:, [-1, -2]]
    np.testing.assert_allclose(np.abs(points), np.abs(expected), atol=1e-8)
    np.testing.assert_allclose(points.var(0, ddof=1), values[[-1, -2]])


@pytest.mark.parametrize('num', [0, 1, 2, 9])
def test_few_rows_have_points_too(num):
    points = project_embeddings(np.eye(9)[:num])
    assert points.shape == (num, 2) and np.isfinite(points).all()


def test_tsne_keeps_neighbourhoods_and_repeats():
    pytest.importorskip('sklearn')
    table = make_table([1, 2, 3])
    points = project_embeddings(table.embeddings)
    np.testing.assert_array_equal(points,
                                  project_embeddings(table.embeddings))
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(gaps, np.inf)
    assert (table.gt_ids[gaps.argmin(1)] == table.gt_ids).all()


def test_what_cannot_be_had_is_said_at_once(monkeypatch):
    with pytest.raises(ValueError, match=r"one of \('tsne', 'pca'\), got 'um"):
        check_projection('umap')
    monkeypatch.setitem(sys.modules, 'sklearn.manifold', None)
    with pytest.raises(ValueError, match='pip install scikit-learn, or take '
                       'the projection "pca"'):
        check_projection('tsne')
    check_projection('pca')


def test_panels_share_the_persons_seen_most():
    tables = [('a', make_table([1, 2, 2, NO_ID])), ('b', make_table([2, 3]))]
    first, second = make_panels(
        tables, num_identities=2, projection='pca', min_gap=5)
    assert first.known == second.known == (1, 2)
    assert set(first.identities) == {1, 2} and set(second.identities) == {2}
    assert first.score.accuracy == 1 and 0 < first.score.chance < 1
    alone = make_panels(tables, num_identities=2, projection='pca',
                        share_identities=False)
    assert alone[1].known == (2, 3)
    by_track = make_panels(tables, by='track', projection='pca',
                           share_identities=False)
    assert by_track[1].known == (102, 103)


@pytest.mark.parametrize('shared', [True, False])
def test_legends(shared):
    panels = make_panels([('a', make_table([1, 2])), ('b', make_table([4]))],
                         projection='pca', share_identities=shared)
    figure = draw_embeddings(panels)
    legends = [axes.get_legend() for axes in figure.axes]
    assert len(figure.legends) == shared
    assert all((legend is None) == shared for legend in legends)
    names = [[text.get_text() for text in legend.get_texts()]
             for legend in (figure.legends if shared else legends)]
    assert names == ([['1', '2', '4']] if shared else [['1', '2'], ['4']])


def test_later_frames_are_darker():
    panels = make_panels([('a', make_table([5]))], projection='pca')
    axes = draw_embeddings(panels).axes[0]
    shades = axes.collections[0].get_facecolors()[:, :3].mean(1)
    assert (np.diff(shades) < 0).all()
    assert 'frames 1 (light) to 12' in axes.get_title()
    assert '100% (chance 100%)' in axes.get_title()


def test_images_also_of_nothing():
    empty = make_table([1])[np.zeros(12, bool)]
    image = to_image(draw_embeddings(make_panels([('a', empty)])))
    assert image.dtype == np.uint8 and image.shape[2] == 3
    assert (image == 255).mean() > 0.5
