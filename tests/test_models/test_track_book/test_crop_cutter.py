"""Which crops are cut, from which pixels."""
import pytest
import torch

from ipmot_mm.models.track_book.crop_cutter import CropCutter, choose_evenly
from ipmot_mm.structures import FrameTargets


def frame_targets(bboxes, identities, visibilities=None, img_shape=(97, 131)):
    num = len(bboxes)
    ids = torch.arange(num)
    return FrameTargets(
        bboxes=torch.tensor(bboxes, dtype=torch.float32).reshape(num, 4),
        labels=torch.zeros_like(ids),
        instance_ids=ids,
        identities=torch.tensor(identities, dtype=torch.long),
        visibilities=torch.tensor(visibilities or [1.] * num),
        img_shape=img_shape)


def cutter(**changes):
    args = dict(
        size=(64, 32), max_crops=99, min_box_size=(8, 16), min_visibility=0.1)
    return CropCutter(**{**args, **changes})


def cut(cutter, images, targets, num_identities):
    chosen = cutter.select(targets, num_identities)
    return cutter.cut(images, chosen), chosen.identities


def test_box_of_the_crop_size_is_copied():
    images = torch.rand(1, 1, 3, 101, 137)
    targets = [[frame_targets([[11, 7, 43, 71]], [0])]]
    crops, identities = cut(cutter(), images, targets, 1)
    torch.testing.assert_close(crops[0], images[0, 0, :, 7:71, 11:43])
    assert identities.tolist() == [0]


def test_crop_is_averaged_down():
    images = torch.rand(1, 1, 3, 160, 80)
    targets = [[frame_targets([[0, 0, 80, 160]], [0], img_shape=(160, 80))]]
    crops, _ = cut(cutter(size=(2, 1)), images, targets, 1)
    # Far from the border between both halves each pixel counts; a sampler
    # without antialiasing would read four of them.
    assert crops.shape == (1, 3, 2, 1)
    assert (crops - 0.5).abs().max() < 0.05


def test_crops_keep_their_identity_across_frames_and_clips():
    images = torch.zeros(2, 2, 3, 97, 131)
    targets, colour = [], 0.1
    for n in range(2):
        clip = []
        for t in range(2):
            images[n, t, :, 20:60, 10:30] = colour
            images[n, t, :, 20:60, 50:80] = colour + 0.1
            row = round(colour * 10)
            clip.append(
                frame_targets([[10, 20, 30, 60], [50, 20, 80, 60]],
                              [row, row + 1]))
            colour += 0.2
        targets.append(clip)
    crops, identities = cut(cutter(), images, targets, 9)
    assert identities.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    expected = identities[:, None, None, None].expand_as(crops) / 10
    torch.testing.assert_close(crops, expected)


def test_box_over_the_border_ends_at_the_unpadded_frame():
    images = torch.zeros(1, 1, 3, 128, 160)
    images[..., :97, :131] = 1
    targets = [[frame_targets([[100, 60, 200, 200], [-30, -9, 20, 50]],
                              [0, 1])]]
    crops, _ = cut(cutter(), images, targets, 2)
    assert (crops == 1).all()


def test_unusable_objects_are_skipped():
    bboxes = [[0, 0, 20, 40]] * 6
    bboxes[1] = [0, 0, 7, 40]  # thin
    bboxes[2] = [0, 0, 20, 15]  # flat
    bboxes[3] = [125, 0, 160, 40]  # 6 pixels inside of the frame
    targets = [[
        frame_targets(bboxes, [0, 1, 2, 3, 4, 5], [1, 1, 1, 1, .05, .1]),
        frame_targets([[0, 0, 20, 40]] * 2, [-1, 6])  # no row
    ]]
    _, identities = cut(cutter(), torch.rand(1, 2, 3, 97, 131), targets, 6)
    assert identities.tolist() == [0, 5]


def test_frames_without_objects():
    targets = [[frame_targets([], []), frame_targets([], [])]]
    crops, identities = cut(cutter(), torch.rand(1, 2, 3, 97, 131), targets, 6)
    assert crops.shape == (0, 3, 64, 32)
    assert identities.shape == (0, ) and identities.dtype == torch.long


def test_limit_keeps_every_identity():
    identities = torch.tensor([0] * 20 + [1] * 3 + [2])
    counts = torch.zeros(3)
    for seed in range(30):
        chosen = choose_evenly(identities, 8, seed=seed)
        assert len(set(chosen.tolist())) == 8
        counts += identities[chosen].bincount(minlength=3)
    assert counts.tolist() == [30 * 4, 30 * 3, 30 * 1]


def test_limit_is_random_and_follows_the_seed():
    identities = torch.arange(50)
    first, second = (
        choose_evenly(identities, 10, seed=seed) for seed in (3, 4))
    assert torch.equal(first, choose_evenly(identities, 10, seed=3))
    assert not torch.equal(first, second)
    assert torch.equal(
        choose_evenly(identities, 50, seed=3), torch.arange(50))


def test_limit_chooses_any_crop_of_an_identity():
    identities = torch.zeros(4, dtype=torch.long)
    chosen = {
        choose_evenly(identities, 1, seed=seed).item()
        for seed in range(60)
    }
    assert chosen == {0, 1, 2, 3}


@pytest.mark.parametrize('max_crops', (1, 3))
def test_limit_of_the_cutter(max_crops):
    images = torch.zeros(1, 1, 3, 97, 131)
    for row in range(5):
        images[..., 20 * row:20 * row + 20] = row
    bboxes = [[20 * row, 0, 20 * row + 20, 40] for row in range(5)]
    targets = [[frame_targets(bboxes, [0, 1, 2, 3, 4])]]
    for _ in range(4):
        crops, identities = cut(
            cutter(max_crops=max_crops), images, targets, 5)
        assert len(crops) == max_crops
        torch.testing.assert_close(crops.mean((1, 2, 3)), identities.float())
