"""Exported trackers follow 50 frames as the model in PyTorch does."""
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from export_samples import (FORMS, NUM_FRAMES, ROOT, SIZE, life_of, noise,
                            shipped_tracker, small_tracker, synthmot)

from ipmot_mm.apis import FrameTracker
from ipmot_mm.export import (ONNXTracker, ProgramTracker, compare, export_onnx,
                             export_program)

ALONE = '''
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from onnx_tracker import ONNXTracker
tracker = ONNXTracker(sys.argv[2], num_threads=1)
tracks = [tracker.update(frame) for frame in np.load(sys.argv[3])]
loaded = {name.split('.')[0] for name in sys.modules}
assert not loaded & {'torch', 'mmdet', 'mmcv', 'mmengine', 'ipmot_mm'}
print(json.dumps([[each.tolist() for each in frame] for frame in tracks]))
'''


def export(model, folder, size=SIZE, program=False, num_slots=40):
    """Frames alive at once are fewer than the slots."""
    if program:
        path = folder / 'tracker.pt2'
        export_program(
            model, path, frame_size=size, num_slots=num_slots)
        return ProgramTracker(path)
    pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    export_onnx(
        model, folder / 'tracker.onnx', frame_size=size, num_slots=num_slots)
    return ONNXTracker(folder / 'tracker.onnx', num_threads=1)


def assert_equal(model, exported, frames):
    assert min(life_of(FrameTracker(model), frames)) > 0
    found = compare(model, exported, frames)
    assert found.num_frames == NUM_FRAMES and found.num_tracks > NUM_FRAMES
    assert found.is_equal and found.num_waiting == 0, found


@pytest.fixture(scope='module')
def shipped(tmp_path_factory):
    """The checkpoint of the repository and its ONNX file."""
    folder = tmp_path_factory.mktemp('shipped')
    model = shipped_tracker()
    return model, export(model, folder, (128, 224)), folder


def test_shipped_checkpoint_as_onnx(shipped):
    model, exported, _ = shipped
    assert_equal(model, exported, synthmot())
    # a second video starts anew
    assert_equal(model, exported, synthmot(seed=2))


@pytest.mark.parametrize('form', ['memory', 'plain'])
def test_small_trackers_as_onnx(form, tmp_path):
    model = small_tracker(**FORMS[form])
    assert_equal(model, export(model, tmp_path), noise())


@pytest.mark.parametrize('form', [
    'qim', *(pytest.param(form, marks=pytest.mark.slow)
             for form in ('memory', 'plain'))])
def test_small_trackers_as_programs(form, tmp_path):
    model = small_tracker(**FORMS[form])
    exported = export(model, tmp_path, program=True)
    assert_equal(model, exported, noise())


@pytest.mark.slow
def test_tracker_of_a_project_is_exported(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    import projects.revived_tracks.revived_tracks  # noqa: F401
    model = shipped_tracker(**{'model.tracker.type': 'RevivingTracker'})
    exported = export(model, tmp_path, (128, 224), program=True)
    assert_equal(model, exported, synthmot())


def test_onnx_file_is_valid(shipped):
    onnx = pytest.importorskip('onnx')
    path = str(shipped[2] / 'tracker.onnx')
    onnx.checker.check_model(path, full_check=True)
    content = onnx.load(path)
    assert {(o.domain, o.version) for o in content.opset_import} == {('', 18)}
    assert not list(shipped[2].glob('*.data'))  # one file
    assert 'GridSample' in {node.op_type for node in content.graph.node}
    shapes = [each.type.tensor_type.shape.dim
              for each in (*content.graph.input, *content.graph.output)]
    assert all(dim.HasField('dim_value') for dims in shapes for dim in dims)


def test_metadata_say_what_a_runner_needs(shipped):
    metadata = shipped[1].metadata
    assert metadata['image_size'] == [96, 168]
    assert metadata['frame_size'] == [128, 224]
    assert metadata['num_slots'] == 40
    assert metadata['classes'] == ['pedestrian']
    assert metadata['config'] == 'ipmot_dab-small_2xb2-4e_synthmot-street.py'
    tracker = shipped[0].tracker
    assert metadata['thresholds'] == dict(
        {name: getattr(tracker, name) for name in
         ('track_score_thr', 'newborn_score_thr', 'output_score_thr',
          'miss_tolerance', 'min_area')}, max_tracks=40)
    inputs = [each.name for each in shipped[1].session.get_inputs()]
    assert inputs == ['image', 'frame_size',
                      *(f'state_{name}' for name in metadata['state'])]


def test_no_torch_where_it_runs(shipped):
    frames = np.stack(synthmot(10))
    np.save(shipped[2] / 'frames.npy', frames)
    done = subprocess.run(
        [sys.executable, '-c', ALONE, ROOT / 'ipmot_mm' / 'export',
         shipped[2] / 'tracker.onnx', shipped[2] / 'frames.npy'],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    tracker = FrameTracker(shipped[0])
    for frame, (bboxes, scores, _, ids) in zip(
            frames, json.loads(done.stdout)):
        expected = tracker.update(frame)
        assert expected.instances_id.tolist() == ids
        torch.testing.assert_close(
            expected.bboxes, torch.tensor(bboxes).reshape(-1, 4), atol=1e-2,
            rtol=0)
        torch.testing.assert_close(
            expected.scores, torch.tensor(scores), atol=1e-4, rtol=0)


def test_it_runs_as_a_script(shipped, tmp_path):
    import cv2
    tracker, expected = FrameTracker(shipped[0]), []
    for number, frame in enumerate(synthmot(12), 1):  # 2.png before 10.png
        cv2.imwrite(str(tmp_path / f'{number}.png'), frame)
        expected += [(number, track) for track in
                     tracker.update(frame).instances_id.tolist()]
    script = ROOT / 'ipmot_mm' / 'export' / 'onnx_tracker.py'
    new = tmp_path / 'new'
    done = subprocess.run(
        [sys.executable, script, shipped[2] / 'tracker.onnx', tmp_path,
         '--save-txt', new / 'a' / 't.txt', '--out', new / 'b' / 't.mp4'],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '12 frames tracked' in done.stdout
    rows = [line.split(',') for line in
            (new / 'a' / 't.txt').read_text().splitlines()]
    assert [(int(row[0]), int(row[1])) for row in rows] == expected
    assert len(expected) > 12 and len(rows[0]) == 10
    assert cv2.VideoCapture(str(new / 'b' / 't.mp4')).read()[0]


def test_the_script_says_what_cannot_be_read_or_written(shipped, tmp_path,
                                                        capsys):
    import cv2
    from PIL import Image

    from ipmot_mm.export.onnx_tracker import main, read_frames
    frame = synthmot(1)[0]
    cv2.imwrite(str(tmp_path / '1.png'), frame)
    given = [str(shipped[2] / 'tracker.onnx'), str(tmp_path), '--out']
    for out in (['a.xyz'], ['a.mp4', '--fps', '0']):
        assert main([*given, str(tmp_path / out[0]), *out[1:]]) == 2
        assert 'OpenCV cannot write' in capsys.readouterr().err
    (tmp_path / '2.png').write_bytes(b'broken')
    assert main([*given, str(tmp_path / 'a.mp4')]) == 2
    assert '2.png cannot be read as an image' in capsys.readouterr().err
    (tmp_path / 'turned').mkdir()
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(frame).save(tmp_path / 'turned' / '1.jpg', exif=exif)
    found, = read_frames(str(tmp_path / 'turned'))
    assert abs(found[..., ::-1].astype(float) - frame).mean() < 20
