"""Tracks as rows, JSON and detections of supervision."""
import builtins
import json

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from ipmot_mm.apis import TrackFile, to_mot_rows, to_supervision
from ipmot_mm.apis.track_formats import from_record, to_record


def tracks(count: int, seed: int = 0) -> InstanceData:
    torch.manual_seed(seed)
    corners = torch.rand(count, 2) * 100
    return InstanceData(
        bboxes=torch.cat([corners, corners + torch.rand(count, 2) * 50], 1),
        scores=torch.rand(count),
        labels=torch.arange(count) % 2,
        instances_id=torch.arange(count) + 7)


def test_rows_are_left_top_width_height():
    found = tracks(3)
    rows = to_mot_rows(5, found)
    assert rows.shape == (3, 10) and to_mot_rows(1, tracks(0)).shape == (0, 10)
    for row, box, score, track in zip(rows, found.bboxes.tolist(),
                                      found.scores.tolist(),
                                      found.instances_id.tolist()):
        assert row[:2].tolist() == [5, track] and row[6] == score
        np.testing.assert_allclose(
            row[2:6], [box[0], box[1], box[2] - box[0], box[3] - box[1]],
            rtol=1e-6)
        assert row[7:].tolist() == [-1, -1, -1]


@pytest.mark.parametrize('count', [0, 1, 5])
def test_json_gives_the_numbers_back_exactly(count):
    expected = tracks(count)
    line = to_record(4, 0.12, expected)
    content = json.loads(line)
    assert content['frame'] == 4 and content['time'] == 0.12
    assert len(content['tracks']) == count and '\n' not in line
    found = from_record(line)
    for key in ('bboxes', 'scores', 'labels', 'instances_id'):
        assert torch.equal(found[key], expected[key])
        assert found[key].dtype == expected[key].dtype


def test_files_of_all_formats(tmp_path):
    frames = [tracks(2), tracks(0), tracks(3, seed=1)]
    for suffix in ('.txt', '.json', '.jsonl'):
        with TrackFile(tmp_path / 'new' / f'a{suffix}', fps=10) as file:
            for number, found in enumerate(frames, 1):
                file.write(number, found)
        file.close()
    table = np.loadtxt(tmp_path / 'new' / 'a.txt', delimiter=',')
    expected = np.concatenate(
        [to_mot_rows(number, found) for number, found in enumerate(frames, 1)])
    np.testing.assert_allclose(table, expected, atol=0.006)
    content = json.loads((tmp_path / 'new' / 'a.json').read_text())
    lines = (tmp_path / 'new' / 'a.jsonl').read_text().splitlines()
    assert content == [json.loads(line) for line in lines]
    assert [each['time'] for each in content] == [0.0, 0.1, 0.2]
    assert [len(each['tracks']) for each in content] == [2, 0, 3]


def test_files_of_no_frame_and_of_a_killed_process(tmp_path):
    with TrackFile(tmp_path / 'a.json'):
        pass
    assert json.loads((tmp_path / 'a.json').read_text()) == []
    file = TrackFile(tmp_path / 'b.jsonl')
    file.write(1, tracks(2))
    lines = (tmp_path / 'b.jsonl').read_text().splitlines()
    assert len(json.loads(lines[0])['tracks']) == 2
    with pytest.raises(ValueError, match="written as one of .*got 'a.csv'"):
        TrackFile('a.csv')
    for fps in (0.0, float('nan')):  # as OpenCV says of some cameras
        with pytest.raises(ValueError, match='fps must be positive, got'):
            TrackFile(tmp_path / 'c.json', fps=fps)


def test_detections_of_supervision():
    supervision = pytest.importorskip('supervision')
    expected = tracks(4)
    found = to_supervision(expected)
    assert isinstance(found, supervision.Detections) and len(found) == 4
    np.testing.assert_array_equal(found.xyxy, expected.bboxes)
    np.testing.assert_array_equal(found.confidence, expected.scores)
    np.testing.assert_array_equal(found.class_id, expected.labels)
    np.testing.assert_array_equal(found.tracker_id, expected.instances_id)


def test_supervision_takes_frames_without_tracks():
    supervision = pytest.importorskip('supervision')
    empty, some = to_supervision(tracks(0)), to_supervision(tracks(2))
    assert empty.is_empty() and empty.tracker_id.shape == (0, )
    zone = supervision.LineZone(
        supervision.Point(0, 50), supervision.Point(100, 50))
    smoother = supervision.DetectionsSmoother()
    image = np.zeros((160, 160, 3), np.uint8)
    for detections in (some, empty, some):
        zone.trigger(detections)
        smoother.update_with_detections(detections)
        for kind in (supervision.BoxAnnotator, supervision.TraceAnnotator,
                     supervision.LabelAnnotator):
            kind().annotate(image, detections)
    assert image.any()
    assert len(supervision.Detections.merge([some, empty])) == 2


def test_missing_supervision_is_told(monkeypatch):

    def refuse(name, *args, **kwargs):
        if name == 'supervision':
            raise ImportError(name)
        return real(name, *args, **kwargs)

    real = builtins.__import__
    monkeypatch.setattr(builtins, '__import__', refuse)
    with pytest.raises(ImportError, match=r'pip install "ipmot_mm\[supervisi'):
        to_supervision(tracks(1))
