"""One loss for any way of dealing clips out over batches and ranks."""
import torch
import torch.multiprocessing as mp
from clip_loss_samples import (DEDUP, I2TCE, TRIPLET, random_frame, run,
                               some_texts, total_targets)

from ipmot_mm.models.losses import ClipAverageLoss, ClipFrame
from ipmot_mm.structures import FrameAssignment


def split(clip, n):
    """Clip n of a batch alone."""
    alone = []
    for outputs, assignment, targets in clip:
        changes = {
            name: getattr(outputs, name)[:, n:n + 1]
            for name in ('cls_logits', 'bboxes', 'embeddings')
        }
        alone.append((outputs.replace(
            valid=outputs.valid[n:n + 1],
            dedup_logits=outputs.dedup_logits[n:n + 1],
            **changes),
                      FrameAssignment(assignment.gt_inds[:, n:n + 1],
                                      assignment.is_supervised[:, n:n + 1],
                                      assignment.dedup_targets[n:n + 1]),
                      targets[n:n + 1]))
    return alone


def test_batch_of_two_equals_two_batches_of_one():
    """Sums have a common normaliser; alignment is a mean over clips."""
    torch.manual_seed(3)
    clip = [random_frame([3, 2]), random_frame([4, 3])]
    texts = some_texts()
    loss = ClipAverageLoss(dedup=DEDUP, triplet=TRIPLET, image_to_text=I2TCE)
    both = run(loss, clip, texts)
    alone = [run(loss, split(clip, n), texts) for n in range(2)]
    counts = [total_targets(split(clip, n)) for n in range(2)]
    assert counts == [7, 5]
    for name, value in both.items():
        parts = [losses[name] for losses in alone]
        if 'triplet' in name or 'i2tce' in name:
            expected = sum(parts) / 2
        else:
            expected = sum(c * part for c, part in zip(counts, parts)) / 12
        torch.testing.assert_close(value, expected, msg=name)


def test_losses_of_parts_add_up_to_those_of_the_batch():
    torch.manual_seed(3)
    clip = [random_frame([3, 2, 0]), random_frame([4, 3, 0])]
    texts = some_texts()
    loss = ClipAverageLoss(dedup=DEDUP, triplet=TRIPLET, image_to_text=I2TCE)
    normaliser = loss.normaliser(
        [[targets[n] for _, _, targets in clip] for n in range(3)])
    assert normaliser.num_targets == 12 and normaliser.num_clips == 3
    parts = []
    for n in range(3):
        frames = [ClipFrame(*frame) for frame in split(clip, n)]
        parts.append(loss.reduce(frames, texts, normaliser))
    for name, value in run(loss, clip, texts).items():
        torch.testing.assert_close(
            value, sum(part[name] for part in parts), msg=name)


def test_few_objects_count_as_one_per_clip():
    """So that the limit is the same, however the clips are dealt out."""
    loss = ClipAverageLoss()
    for counts, expected in (([0], 1), ([1], 2), ([1, 0, 0, 0], 4),
                             ([2, 1, 0, 0], 6)):
        clip = [random_frame(counts) for _ in range(2)]
        targets = [[targets[n] for _, _, targets in clip]
                   for n in range(len(counts))]
        assert loss.normaliser(targets).num_targets == expected


def _rank_loss(rank, port, folder):
    """Losses of one rank, whose clip has 1 or 6 objects."""
    torch.set_num_threads(1)
    init = dict(backend='gloo', init_method=f'file://{folder}/{port}',
                rank=rank, world_size=2)
    torch.distributed.init_process_group(**init)
    torch.manual_seed(rank)
    clip = [random_frame([1 if rank == 0 else 4])]
    losses = run(ClipAverageLoss(dedup=DEDUP), clip)
    torch.save(losses, f'{folder}/losses{rank}.pth')
    torch.distributed.destroy_process_group()


def test_two_ranks_share_the_normaliser(tmp_path):
    mp.start_processes(
        _rank_loss, ('store', str(tmp_path)), nprocs=2, start_method='fork')
    for rank, count in enumerate((1, 4)):
        torch.manual_seed(rank)
        clip = [random_frame([count])]
        alone = run(ClipAverageLoss(dedup=DEDUP), clip)
        shared = torch.load(tmp_path / f'losses{rank}.pth')
        for name, value in alone.items():
            # alone divides by its own count, together by the mean of both
            torch.testing.assert_close(shared[name], value * count / 2.5)
