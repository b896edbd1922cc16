"""From a video to embeddings with names."""
import shutil

import numpy as np
import pytest
import torch
from mmdet.structures.bbox import bbox_overlaps
from small_tracker import load_tracker, write_street

from ipmot_mm.analysis.track_embeddings import collect_embeddings, find_truth
from ipmot_mm.apis import FrameTracker, track_video
from ipmot_mm.datasets.mot_text import read_ground_truth
from ipmot_mm.structures import NO_ID


@pytest.fixture(scope='module')
def model():
    return load_tracker()


@pytest.fixture(scope='module')
def street(tmp_path_factory):
    return write_street(tmp_path_factory.mktemp('street'))


def test_a_row_for_each_track_that_was_there_before(model, street):
    table = collect_embeddings(model, street)
    born, expected = set(), []
    for t, (_, tracks) in enumerate(
            track_video(FrameTracker(model), street)):
        for track in tracks.instances_id.tolist():
            if track in born:
                expected.append((t, track))
            born.add(track)
    assert len(expected) > 20
    assert list(zip(table.frames, table.track_ids)) == expected
    assert table.embeddings.shape == (len(expected), 64)
    assert np.isfinite(table.embeddings).all()


def test_persons_are_those_below_the_tracks(model, street):
    table = collect_embeddings(model, street)
    truth = read_ground_truth(str(find_truth(street)))
    frames = [tracks for _, tracks in track_video(FrameTracker(model), street)]
    found = np.flatnonzero(table.gt_ids != NO_ID)
    assert len(found) > 0.6 * len(table)
    for row in found:
        tracks = frames[table.frames[row]]
        box = tracks.bboxes[tracks.instances_id == table.track_ids[row]]
        person = truth[(truth.frame_numbers == table.frames[row] + 1)
                       & (truth.instance_ids == table.gt_ids[row])]
        assert bbox_overlaps(box, torch.from_numpy(person.bboxes)) >= 0.5


def test_without_ground_truth_nobody_is_known(model, street, tmp_path):
    assert find_truth(street / 'img1') is None
    shutil.copytree(street / 'img1', tmp_path / 'frames')
    table = collect_embeddings(model, tmp_path / 'frames', num_frames=6)
    assert (table.gt_ids == NO_ID).all()
    assert set(table.frames) <= set(range(6))


@pytest.mark.parametrize('conf, class_id', [(0, 1), (1, 7)])
def test_who_does_not_count_is_nobody(model, street, tmp_path, conf,
                                      class_id):
    shutil.copytree(street, tmp_path / 'a')
    path = find_truth(tmp_path / 'a')
    rows = [row.split(',') for row in path.read_text().splitlines()]
    path.write_text(''.join(
        ','.join([*row[:6], str(conf), str(class_id), *row[8:]]) + '\n'
        for row in rows))
    table = collect_embeddings(model, tmp_path / 'a', num_frames=4)
    assert (table.gt_ids == NO_ID).all()


def test_nothing_to_draw_is_said(model, street):
    """In the first frame all are born."""
    with pytest.raises(ValueError, match='none of 1 frames has a track that'):
        collect_embeddings(model, street, num_frames=1)
