"""Where persons went, without an image."""
import cv2
import numpy as np

from ipmot_mm.visualization.track_visualizer import track_color

TOOL = 'analysis_tools/plot_tracks.py'
GROUND_TRUTH = ('1,7,10,10,20,30,1,1,1\n'
                '2,7,50,10,20,30,1,1,1\n'
                '1,8,10,40,20,30,1,2,1\n'
                '1,9,10,50,20,30,0,1,1\n')
RESULTS = ('1,3,10,10,20,30,0.6,-1,-1,-1\n'
           '5,3,70,10,20,30,0.6,-1,-1,-1\n')


def draw(call, tmp_path, **files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    out = tmp_path / 'new' / 'tracks.png'
    code, _, err = call(*(tmp_path / name for name in files), '--size', 100,
                        80, '--width', 200, '--out', out)
    assert code == 0, err
    return cv2.imread(str(out))


def panel(image, number):
    """Without its border of 4."""
    return image[4:164, 4 + 208 * number:204 + 208 * number]


def test_a_panel_for_each_file(call, tmp_path):
    image = draw(call, tmp_path, truth=GROUND_TRUTH, tracks=RESULTS)
    assert image.shape == (168, 416, 3)
    truth, tracks = panel(image, 0), panel(image, 1)
    # feet at (20, 40) and (60, 40), twice as large
    for x in (40, 80, 120):
        assert tuple(truth[80, x].tolist()) == track_color(7)
    # no line over the frames in which nobody was tracked
    assert tuple(tracks[80, 40].tolist()) == track_color(3)
    assert tuple(tracks[80, 160].tolist()) == track_color(3)
    assert (tracks[80, 60:140] == 255).all()


def test_only_pedestrians_that_count_are_truth(call, tmp_path):
    truth = panel(draw(call, tmp_path, truth=GROUND_TRUTH), 0)
    drawn = np.flatnonzero((truth < 255).any((1, 2)))
    assert 70 < drawn.min() and drawn.max() < 90


def test_nothing_tracked_is_an_empty_panel(call, tmp_path):
    assert (panel(draw(call, tmp_path, tracks=''), 0) == 255).all()


def test_what_cannot_be_drawn_is_one_line(call, tmp_path):
    size = ('--size', 9, 9, '--out', tmp_path / 'a.png')
    code, _, err = call(tmp_path / 'no.txt', *size)
    assert code == 2 and 'is missing, expected a text file' in err
    (tmp_path / 'a.txt').write_text(RESULTS)
    code, _, err = call(tmp_path / 'a.txt', *size[:3], '--out',
                        tmp_path / 'a.nothing')
    assert code == 2 and 'cannot be written; give the path of a .png' in err
