"""A video or images and MOT text become a sequence."""
import pytest
from converter_samples import (grey_values, gt_lines, read_clip, run_tool,
                               write_images, write_video)

GT = '2,5,1,2,10,20\n1,5,0,1.5,10,20\n'


@pytest.fixture
def video(tmp_path):
    return write_video(tmp_path / 'street.mp4', 3)


@pytest.fixture
def convert(tmp_path):
    return lambda *argv: run_tool('video_to_mot', argv[0], tmp_path / 'out',
                                  *argv[1:])


def test_video_with_text(video, convert, tmp_path, capsys):
    (tmp_path / 'gt.txt').write_text(GT)
    assert convert(video, '--gt', tmp_path / 'gt.txt') == 0
    folder = tmp_path / 'out' / 'street'
    assert gt_lines(folder) == [
        '1,5,0,1.5,10,20,1,1,1', '2,5,1,2,10,20,1,1,1'
    ]
    assert grey_values(folder) == [1, 2, 3]
    assert (folder / 'seqinfo.ini').read_text().splitlines() == [
        '[Sequence]', 'name=street', 'imDir=img1', 'frameRate=12',
        'seqLength=3', 'imWidth=64', 'imHeight=48', 'imExt=.jpg'
    ]
    assert read_clip(tmp_path / 'out') == ([[5], [5], []],
                                           [[[0, 1.5, 10, 21.5]],
                                            [[1, 2, 11, 22]], []])
    assert convert(video, '--image-format', 'png', '--name', 'other') == 0
    other = tmp_path / 'out' / 'other'
    assert (other / 'img1' / '000003.png').is_file()
    assert not (other / 'gt').exists()
    assert 'x 48, without gt.txt: there' in capsys.readouterr().out


def test_images_do_not_tell_the_frame_rate(convert, tmp_path, capsys):
    images = write_images(tmp_path / 'in', ['1.png'])
    assert convert(images) == 0
    assert 'in: frame rate unknown, 25 is written' in capsys.readouterr().out


def test_images_of_any_name_in_natural_order(convert, tmp_path):
    images = write_images(tmp_path / 'in', ['a2.png', 'a10.png', 'b1.png'])
    assert convert(images, '--frame-rate', '29.97', '--link-mode',
                   'symlink') == 0
    folder = tmp_path / 'out' / 'in'
    assert grey_values(folder) == [1, 2, 3]
    assert (folder / 'img1' / '000002.png').readlink() == images / 'a10.png'
    info = (folder / 'seqinfo.ini').read_text()
    assert 'frameRate=30' in info and 'imExt=.png' in info


@pytest.mark.parametrize('names, gt, flags, expected', [
    # only the names fit
    (['7.jpg', '8.jpg', '9.jpg'], '9,1,0,0,5,5\n', [], 3),
    # only the positions fit
    (['7.jpg', '8.jpg', '9.jpg'], '2,1,0,0,5,5\n', [], 2),
    # both fit: 2 is the second image or the first
    (['2.jpg', '3.jpg', '4.jpg'], '2,1,0,0,5,5\n', [], None),
    (['2.jpg', '3.jpg', '4.jpg'], '2,1,0,0,5,5\n', ['name'], 1),
    (['2.jpg', '3.jpg', '4.jpg'], '2,1,0,0,5,5\n', ['position'], 2),
    # both fit and agree
    (['1.jpg', '2.jpg', '3.jpg'], '2,1,0,0,5,5\n', [], 2),
])
def test_frame_numbers(names, gt, flags, expected, convert, tmp_path, capsys):
    (tmp_path / 'gt.txt').write_text(gt)
    images = write_images(tmp_path / 'in', names)
    argv = [images, '--gt', tmp_path / 'gt.txt']
    code = convert(*argv, *(['--frame-numbers', *flags] if flags else []))
    if expected is None:
        assert code == 2
        assert 'frame 2 can be the image 2 or the 2. one, 3.' in (
            capsys.readouterr().err)
        return
    assert code == 0
    frames, _ = read_clip(tmp_path / 'out')
    assert [ids for ids in frames if ids] == [[1]]
    assert frames[expected - 1] == [1]


def test_results_of_a_tracker_need_a_threshold(video, convert, tmp_path,
                                               capsys):
    gt = tmp_path / 'gt.txt'
    gt.write_text('1,1,0,0,9,9,0.9,-1,-1,-1\n1,2,9,9,9,9,0.3,-1,-1,-1\n')
    assert convert(video, '--gt', gt) == 2
    message = capsys.readouterr().err
    assert f'error: "{gt}", line 1 (and 1 more): conf must be 0' in message
    assert '--score-thr' in message
    assert convert(video, '--gt', gt, '--score-thr', '0.5') == 0
    assert ('2 boxes of 2 objects (by class number 1: 2; 1 with conf 0 are '
            'ignored)') in capsys.readouterr().out
    assert gt_lines(tmp_path / 'out' / 'street') == [
        '1,1,0,0,9,9,1,1,1', '1,2,9,9,9,9,0,1,1'
    ]


@pytest.mark.parametrize('gt, message', [
    ('1,5,0,1,10,20\n4,5,1,2,10,20\n',
     'line 2: the frame is none of the 3 frames'),
    ('1,5,0,1,10,20\n2,5,1,2,10,0\n',
     'line 2: the box has zero or negative width'),
    ('1,5,0,1,10\n', 'line 1: got'),
    ('1,5,0,1,10,nan\n', 'line 1: a value is not finite'),
    ('', 'is empty'),
])
def test_bad_text_is_one_line_and_leaves_nothing(gt, message, video, convert,
                                                 tmp_path, capsys):
    (tmp_path / 'gt.txt').write_text(gt)
    assert convert(video, '--gt', tmp_path / 'gt.txt') == 2
    error = capsys.readouterr().err
    assert error.count('\n') == 1 and error.startswith('error: ')
    assert str(tmp_path / 'gt.txt') in error and message in error
    out = tmp_path / 'out'
    assert not out.exists() or not list(out.iterdir())


def test_bad_inputs_and_names(convert, video, tmp_path, capsys):
    (tmp_path / 'text.mp4').write_text('no video')
    for path, flags, message in (
        (tmp_path / 'text.mp4', [], 'cannot be opened as a video'),
        (tmp_path / 'gone.mp4', [], 'does not exist'),
        (video, ['--name', '.hidden'], 'cannot be called'),
        (video, ['--name', 'a/b'], 'cannot be called'),
        (video, ['--quality', '0'], 'quality in [1, 100]'),
    ):
        assert convert(path, *flags) == 2
        assert message in capsys.readouterr().err
    assert convert(video) == 0
    assert convert(video) == 2
    assert 'is already there' in capsys.readouterr().err
    assert convert(video, '--overwrite') == 0


def test_a_video_inside_of_the_sequence_is_kept(convert, tmp_path, capsys):
    (tmp_path / 'out' / 'street' / 'img1').mkdir(parents=True)
    video = write_video(tmp_path / 'out' / 'street' / 'img1' / 'street.mp4', 2)
    assert convert(video, '--overwrite') == 2
    assert 'would be replaced by them' in capsys.readouterr().err
    assert video.is_file()
