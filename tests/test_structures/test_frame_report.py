"""A packed report comes back bit by bit."""
from dataclasses import fields

import pytest
import torch

from ipmot_mm.structures import FrameReport


def make_report(num_videos, num_slots):
    generator = torch.Generator().manual_seed(0)

    def floats(*shape):
        values = torch.rand(num_videos, *shape, generator=generator)
        return values - 0.5

    def integers(*shape):
        return torch.randint(
            -2**62, 2**62, (num_videos, *shape), generator=generator)

    sums = floats(2)
    sums[0, 0] = float('inf')
    return FrameReport(
        bboxes=floats(num_slots, 4),
        scores=floats(num_slots),
        ids=integers(num_slots),
        labels=integers(num_slots),
        num_wanted=integers(),
        sums=sums)


@pytest.mark.parametrize('num_videos', [1, 3])
@pytest.mark.parametrize('num_slots', [1, 2, 16, 17])
def test_nothing_is_lost(num_videos, num_slots):
    report = make_report(num_videos, num_slots)
    packed = report.pack()
    assert packed.shape == (num_videos, 9 * num_slots + 4)
    assert packed.dtype == torch.int32
    again = FrameReport.unpack(packed)
    for field in fields(report):
        ours, theirs = (
            getattr(each, field.name) for each in (again, report))
        assert ours.dtype == theirs.dtype, field.name
        assert torch.equal(ours, theirs), field.name


def test_other_types_become_those_of_the_report():
    report = make_report(2, 3)
    double = FrameReport(**{
        field.name: getattr(report, field.name).double()
        if getattr(report, field.name).is_floating_point() else getattr(
            report, field.name)
        for field in fields(report)
    })
    assert torch.equal(double.pack(), report.pack())
