"""A frame rate that nobody told is told to be a guess."""
from argparse import Namespace

import pytest

from ipmot_mm.datasets.conversion import SourceFrames
from ipmot_mm.datasets.conversion.frame_rate import tell_unknown_rate


@pytest.mark.parametrize('stems, rate, told', [
    (('1', ), None, True), (('1', ), 30, False), (None, None, False)])
def test_only_images_without_an_answer(stems, rate, told, capsys):
    source = SourceFrames('in', None, stems, rate or 25)
    tell_unknown_rate('walk', source, Namespace(frame_rate=rate))
    assert ('walk: frame rate unknown, 25 is written; --frame-rate sets it'
            in capsys.readouterr().out) == told
