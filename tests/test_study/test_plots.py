"""The plot has a panel for each group and a mark for each number."""
import cv2
from evidence_samples import make_evidence
from matplotlib.figure import Figure

from ipmot_mm.study.plots import plot_study


def test_dots_means_and_intervals(tmp_path, monkeypatch):
    figures = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, 'savefig', lambda self, *args, **kwargs:
        (figures.append(self), save(self, *args, **kwargs)))
    plot_study(make_evidence(), tmp_path / 'plots' / 'hota.png')
    assert cv2.imread(str(tmp_path / 'plots' / 'hota.png')).std() > 0
    same, cross = figures[0].axes
    assert [label.get_text() for label in same.get_yticklabels()] == [
        'the base', 'full', 'alone']
    dots = [line.get_xdata().tolist() for line in cross.lines
            if line.get_marker() == 'o']
    assert [[round(x, 6) for x in each] for each in dots] == [
        [15.0, 18.0, 18.0], [25.0, 28.0, 28.0]]
    means = [line.get_xdata()[0] for line in same.lines
             if line.get_marker() == 'D']
    assert [round(mean, 6) for mean in means] == [31.0, 42.0, 50.0]
    papers = [line.get_xdata()[0] for line in cross.lines
              if line.get_marker() == 'x']
    assert papers == [29.8, 36.9]
