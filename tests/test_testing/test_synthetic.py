"""Tiny clips keep the contract between data set and model."""
import numpy as np
import torch

from ipmot_mm.datasets import MOTClipDataset
from ipmot_mm.testing.synthetic import (tiny_sample, tiny_sequence,
                                        write_tiny_mot)


def test_sample_holds_frames_and_boxes_of_the_sequence():
    sequence, sample = tiny_sequence(), tiny_sample()
    assert sample['inputs'].dtype == torch.uint8
    np.testing.assert_array_equal(
        sample['inputs'].permute(0, 2, 3, 1).numpy(), sequence.frames)
    for t, frame in enumerate(sample['data_samples'].video_data_samples):
        rows = sequence.rows[sequence.rows[:, 0] == t + 1]
        boxes = frame.gt_instances.bboxes.numpy()
        np.testing.assert_allclose(boxes[:, :2], rows[:, 2:4], rtol=1e-5)
        np.testing.assert_allclose(
            boxes[:, 2:] - boxes[:, :2], rows[:, 4:6], rtol=1e-4)
        assert frame.gt_instances.identities.tolist() == [
            i - 1 for i in frame.gt_instances.instances_ids.tolist()
        ]
        assert frame.frame_id == t and frame.img_shape == (64, 96)


def test_written_sequences_are_what_the_dataset_reads(tmp_path):
    root = write_tiny_mot(tmp_path)
    pipeline = [dict(type='LoadClipImages'), dict(type='PackClipInputs')]
    dataset = MOTClipDataset(
        data_root=str(root), dataset_name='tiny', pipeline=pipeline)
    assert len(dataset) == 12
    frame = dataset[6]['data_samples'].video_data_samples[0]
    rows = tiny_sequence(6, seed=2).rows
    rows = rows[rows[:, 0] == 1]
    assert frame.video_name == 'Tiny-02' and frame.frame_id == 0
    np.testing.assert_allclose(
        frame.gt_instances.bboxes.numpy()[:, :2], rows[:, 2:4], atol=0.01)
