"""Both exports of CVAT become a sequence."""
import json
import zipfile

import pytest
from converter_samples import (grey_values, gt_lines, read_clip, run_tool,
                               write_images, write_video)

GT = '1,1,1.5,2,10.080000000000002,20,1,2,1.0\n3,1,4,5,6,7,0,1,0.0\n'
TRACKS = '''
<track id="0" label="person" source="manual">
  <box frame="0" keyframe="1" outside="0" occluded="0"
    xtl="0.00" ytl="0.00" xbr="10.00" ybr="20.00" z_order="0"/>
  <box frame="2" keyframe="1" outside="0" occluded="1"
    xtl="4.00" ytl="2.00" xbr="16.00" ybr="26.00" z_order="0">
    <attribute name="visibility">0.3</attribute></box>
  <box frame="3" keyframe="1" outside="1" occluded="0"
    xtl="4.00" ytl="2.00" xbr="16.00" ybr="26.00" z_order="0"/>
</track>
<track id="5" label="dog">
  <box frame="3" outside="0" occluded="1"
    xtl="1" ytl="1" xbr="9" ybr="9">
    <attribute name="ignored">true</attribute></box>
</track>'''


def make_xml(body=TRACKS, meta='', kind='task'):
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><meta><{kind}>'
        f'<size>5</size>{meta}<labels><label><name>person</name></label>'
        f'<label><name>dog</name></label></labels></{kind}></meta>{body}'
        '</annotations>')


@pytest.fixture
def convert(tmp_path):

    def run(files, *argv, images=(), folder='img1'):
        path = tmp_path / 'task.zip'
        source = write_images(tmp_path / 'src', images)
        with zipfile.ZipFile(path, 'w') as archive:
            for name, text in files.items():
                archive.writestr(name, text)
            for name in images:
                archive.write(source / name, f'{folder}/{name}')
        return run_tool('cvat_to_mot', path, tmp_path / 'out', *argv)

    return run


@pytest.mark.parametrize('first', [1, 0, 60])
def test_mot_with_images_named_by_frame(first, convert, tmp_path):
    gt = ''.join(f'{int(line[0]) - 1 + first}{line[1:]}\n'
                 for line in GT.splitlines())
    images = [f'{first + k:06d}.png' for k in range(3)]
    labels = 'dog\nperson'
    # a link to the unpacked images would point to nothing
    assert convert({'gt/gt.txt': gt, 'gt/labels.txt': labels}, '--link-mode',
                   'symlink', images=images) == 0
    folder = tmp_path / 'out' / 'task'
    assert gt_lines(folder) == [
        '1,1,1.5,2,10.08,20,1,1,1', '3,1,4,5,6,7,0,14,0'
    ]
    assert grey_values(folder) == [1, 2, 3]
    assert json.loads((tmp_path / 'out' / 'classes.json').read_text()) == {
        'dog': 14, 'person': 1
    }  # yapf: disable
    ids, boxes = read_clip(tmp_path / 'out')
    assert ids == [[1], [], []]
    assert boxes[0] == [pytest.approx([1.5, 2, 11.58, 22], abs=1e-5)]


def test_mot_with_a_video(convert, tmp_path, capsys):
    files = {'gt/gt.txt': GT, 'gt/labels.txt': 'person\ndog\n'}
    assert convert(files) == 2
    assert 'has no images; name the video' in capsys.readouterr().err
    video = write_video(tmp_path / 'v.mp4', 3)
    assert convert(files, '--frames', video, '--name', 'v') == 0
    assert 'rate unknown' not in capsys.readouterr().out
    assert gt_lines(tmp_path / 'out' / 'v')[0].endswith(',1,14,1')


def test_mot_with_frames_of_a_video_as_images(convert, tmp_path, capsys):
    images = write_images(tmp_path / 'frames',
                          [f'frame_{k:06d}.PNG' for k in range(3)])
    assert convert({'gt.txt': GT}, '--frames', images) == 0
    assert 'task: frame rate unknown, 25 is' in capsys.readouterr().out
    # no labels.txt: class 2 is that of MOTChallenge
    assert gt_lines(tmp_path / 'out' / 'task') == [
        '1,1,1.5,2,10.08,20,1,2,1', '3,1,4,5,6,7,0,1,0'
    ]


def test_video_xml_fills_between_key_frames(convert, tmp_path):
    images = [f'frame_{k:06d}.png' for k in range(5)]
    assert convert({'annotations.xml': make_xml()}, images=images,
                   folder='images') == 0
    folder = tmp_path / 'out' / 'task'
    assert gt_lines(folder) == [
        '1,0,0,0,10,20,1,1,1',
        '2,0,2,1,11,22,1,1,1',  # half way
        '3,0,4,2,12,24,1,1,0.3',
        '4,5,1,1,8,8,0,14,0',
        '5,5,1,1,8,8,0,14,0'  # stays to the end
    ]
    assert grey_values(folder) == [1, 2, 3, 4, 5]
    assert read_clip(tmp_path / 'out')[0] == [[0], [0], [0], [], []]


def test_xml_of_every_third_frame(convert, tmp_path, capsys):
    body = TRACKS.replace('frame="2"', 'frame="16"').replace(
        'frame="3"', 'frame="19"').replace('frame="0"', 'frame="10"')
    meta = ('<start_frame>10</start_frame>'
            '<frame_filter>step=3</frame_filter>')
    files = {'annotations.xml': make_xml(body, meta)}
    images = [f'frame_{k:06d}.png' for k in range(5)]
    assert convert(files, images=images, folder='images') == 0
    assert gt_lines(tmp_path / 'out' / 'task')[1] == '2,0,2,1,11,22,1,1,1'
    video = write_video(tmp_path / 'v.mp4', 5)
    assert convert(files, '--frames', video, '--overwrite') == 2
    assert 'frames from 10 in steps of 3' in capsys.readouterr().err


def test_plain_xml_and_other_shapes(tmp_path, capsys):
    path = tmp_path / 'a.xml'
    path.write_text(make_xml(
        TRACKS + '<track id="9" label="dog"><polygon frame="0"/></track>',
        kind='job'))
    video = write_video(tmp_path / 'v.mp4', 5)
    assert run_tool('cvat_to_mot', path, tmp_path / 'out', '--frames',
                    video) == 0
    assert len(gt_lines(tmp_path / 'out' / 'a')) == 5
    assert "no boxes: {'polygon': 1}" in capsys.readouterr().out


BOX = '<box frame="0" outside="0" xtl="1" ytl="1" xbr="9" ybr="9"/>'


@pytest.mark.parametrize('files, message', [
    ({'gt/gt.txt': '1,-1,1,1,5,5,1,1,1'}, 'line 1: the box is a shape and no'),
    ({'gt/gt.txt': '1,1,1,1,5,5,1,9,1', 'gt/labels.txt': 'person'},
     'line 1: the class must be a line of labels.txt, 1 to 1'),
    ({'gt/gt.txt': '9,1,1,1,5,5,1,1,1'}, 'line 1: the frame is none of the 5'),
    ({'gt/gt.txt': 'x,1,1,1,5,5,1,1,1'}, 'task.zip/gt/gt.txt", line 1: got'),
    ({'readme.txt': ''}, 'has neither gt/gt.txt nor annotations.xml'),
    ({'a/gt.txt': '', 'b/gt.txt': ''}, 'holds gt.txt more than once'),
    ({'annotations.xml': '<annotations>\n<meta>'}, 'line 2, column 6: got no'),
    ({'annotations.xml': make_xml('<image id="0"/>')}, '1 tasks and 1 images'),
    ({'annotations.xml': make_xml('<track id="0"/>')}, "got the track {'id':"),
    ({'annotations.xml': make_xml(kind='project')}, 'with 0 tasks'),
])
def test_bad_exports_are_one_line(files, message, convert, tmp_path, capsys):
    images = [f'frame_{k:06d}.png' for k in range(5)]
    assert convert(files, images=images, folder='images') == 2
    error = capsys.readouterr().err
    assert message in error and error.count('\n') == 1
    assert str(tmp_path / 'task.zip') in error
    assert not (tmp_path / 'out' / 'task').exists()


@pytest.mark.parametrize('box, message', [
    (BOX.replace('"9"', '"1"'), 'upright box'),
    (BOX.replace('xbr="9" ', ''), 'upright box'),
    (BOX.replace('"9"', '"nan"'), 'upright box'),
    (BOX.replace('outside', 'rotation="30" outside'), 'upright box'),
    (BOX + BOX, 'two boxes in frame 0'),
    (BOX.replace('frame="0"', 'frame="7"'), 'it is in frame 7 (from 0) of 5'),
])
def test_bad_boxes_name_their_track(box, message, convert, capsys):
    body = f'<track id="3" label="dog">{box}</track>'
    images = [f'frame_{k:06d}.png' for k in range(5)]
    assert convert({'annotations.xml': make_xml(body)}, images=images,
                   folder='images') == 2
    error = capsys.readouterr().err
    assert 'track 3: ' in error and message in error


def test_missing_images_of_the_task_are_noticed(convert, capsys):
    images = [f'frame_{k:06d}.png' for k in range(4)]
    assert convert({'annotations.xml': make_xml()}, images=images,
                   folder='images') == 2
    assert 'the task has 5 frames, but 4' in capsys.readouterr().err


def damaged(archive, member):
    """Copies with flipped bytes in the packed data of a member, or cut."""
    data = archive.read_bytes()
    with zipfile.ZipFile(archive) as files:
        info = files.getinfo(member)
    start = info.header_offset + 30 + len(member)
    for place in range(info.compress_size):
        yield b''.join([
            data[:start + place],
            bytes([data[start + place] ^ 255]), data[start + place + 1:]
        ])
    yield data[:-1]


def test_a_damaged_member_is_one_line(tmp_path, capsys):
    path = tmp_path / 'a.zip'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('gt/gt.txt', GT)
    for data in list(damaged(path, 'gt/gt.txt')):
        path.write_bytes(data)
        assert run_tool('cvat_to_mot', path, tmp_path / 'out') == 2
        error = capsys.readouterr().err
        assert 'is no whole zip' in error and error.count('\n') == 1


@pytest.mark.parametrize('places, value, reason', [
    ([6], 1, 'password required'),  # flags of the member
    ([8], 97, 'compression method'),
    ([19, 23], 99, ''),  # sizes: it goes beyond the end of the file
])
def test_strange_zips_are_one_line(places, value, reason, tmp_path, capsys):
    path = tmp_path / 'a.zip'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('gt/gt.txt', GT)
    data = bytearray(path.read_bytes())
    listed = data.index(b'PK\x01\x02') + 2  # its copy in the list at the end
    for place in places:
        data[place] = data[listed + place] = value
    path.write_bytes(data)
    assert run_tool('cvat_to_mot', path, tmp_path / 'out') == 2
    error = capsys.readouterr().err
    assert f'"{path}" is no whole zip' in error and reason in error
    assert '()' not in error and error.count('\n') == 1


def test_no_zip(tmp_path, capsys):
    (tmp_path / 'a.zip').write_bytes(b'PK\x03\x04 cut short')
    for name, message in (('a.zip', 'is no whole zip'),
                          ('b.zip', 'is missing')):
        assert run_tool('cvat_to_mot', tmp_path / name, tmp_path / 'out') == 2
        assert message in capsys.readouterr().err
