"""A page that a browser takes, without scripts, and bars that add up."""
from html.parser import HTMLParser

import numpy as np
import pytest

from ipmot_mm.checks import ModelNeeds, check_parts, part_of_folder
from ipmot_mm.checks.page import NUM_BINS, bin_values, write_page


class Tags(HTMLParser):
    """Checks that tags close in order; keeps the texts and pictures."""
    VOID = {'meta', 'img', '!doctype'}

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.images, self.texts = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag == 'img':
            self.images.append(dict(attrs)['src'])
        elif tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_page(make_sequence, tmp_path):
    folder = make_sequence('a', 3)
    (folder / 'img1/<b>.txt').write_text('x')
    (folder / 'img1/000002.jpg').unlink()
    report = check_parts([part_of_folder(str(folder))], ModelNeeds())
    path = tmp_path / 'page.html'
    write_page(path, report, title='me & you', pictures=['clips/clip_00.jpg'],
               notes=['a is not drawn'])
    page = Tags(path.read_text())
    assert page.open == [] and 'script' not in page.seen
    assert page.images == ['clips/clip_00.jpg']
    text = ' '.join(page.texts)
    for expected in ('me & you', 'error: missing frames (1)', '<b>.txt',
                     'a is not drawn', 'objects per frame', 'total (1)'):
        assert expected in text


def test_page_of_nothing(make_sequence, tmp_path):
    (tmp_path / 'root/empty').mkdir(parents=True)
    report = check_parts([part_of_folder(str(tmp_path / 'root'))],
                         ModelNeeds())
    write_page(tmp_path / 'page.html', report, title='x')
    assert Tags((tmp_path / 'page.html').read_text()).open == []


@pytest.mark.parametrize('values', [
    np.array([0, 0, 3]), np.arange(1000), np.array([7]),
    np.array([0., 0.5, 1.]), np.array([12.5, 80.]), np.array([2.5])])
def test_bins(values):
    counts, edges = bin_values(values)
    assert counts.sum() == len(values)
    assert len(edges) == len(counts) + 1 <= NUM_BINS + 2
    if values.dtype.kind == 'i':
        assert all(edge == int(edge) for edge in edges)
