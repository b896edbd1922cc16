"""Archives for the benchmark servers, right and wrong ones."""
import contextlib
import zipfile
from collections import Counter

import numpy as np
import pytest

from ipmot_mm.evaluation import (SERVER_FORMATS, ScoredSequence,
                                 check_submission, write_mot_results,
                                 write_submission)
from ipmot_mm.evaluation.submission import check_whole_videos

GOOD = '{frame},{id},1.5,-2,3,4,0.5,-1,-1,-1\n'


def write_results(folder, names, rows=None):
    """One box in the first and one in the last frame of each video."""
    folder.mkdir(exist_ok=True)
    for name in names:
        write_mot_results(
            folder / f'{name}.txt',
            np.array([[1, 1, -5, 2, 30, 60, .5]]) if rows is None else rows)
    return folder


@pytest.fixture
def dance(tmp_path):
    """Results of all test videos of DanceTrack."""
    return write_results(tmp_path / 'results',
                         SERVER_FORMATS['DanceTrack'].test)


@pytest.fixture
def warnings(monkeypatch):
    """What is logged."""
    texts = []
    monkeypatch.setattr('ipmot_mm.evaluation.submission.print_log',
                        lambda text, **kwargs: texts.append(text))
    return texts


def pack(path, files, compression=zipfile.ZIP_STORED):
    """A zip made by hand; ``files`` are pairs of name and text."""
    with zipfile.ZipFile(path, 'w', compression) as archive:
        for name, text in files:
            archive.writestr(name, text)
    return path


def dance_files(**changed):
    """Pairs for all 35 videos, texts of some given by their last digits."""
    return [(f'tracker/{name}.txt', changed.get(f'v{name[-2:]}', ''))
            for name in SERVER_FORMATS['DanceTrack'].test]


def problems_of(path, benchmark='DanceTrack', **kwargs):
    with pytest.raises(ValueError) as caught:
        check_submission(path, benchmark=benchmark, **kwargs)
    lines = str(caught.value).split('\n- ')
    assert f'{len(lines) - 1} problem(s)' in lines[0]
    return lines[1:]


def test_the_table_of_facts():
    counts = {
        name: (len(server.members(server.test)), sum(server.test.values()),
               len(server.members(server.train)), sum(server.train.values()))
        for name, server in SERVER_FORMATS.items()
    }
    # files and frames as the papers and the servers count them
    assert counts == {
        'MOT17': (21, 5919, 21, 5316),
        'MOT20': (4, 4479, 4, 8931),
        'DanceTrack': (35, 38551, 0, 0)
    }
    assert 'dancetrack0100' in SERVER_FORMATS['DanceTrack'].test


def test_mot17_shows_each_video_under_three_names(tmp_path, warnings):
    server = SERVER_FORMATS['MOT17']
    folder = tmp_path / 'results'
    for number, video in enumerate(server.test):
        suffix = server.suffixes[number % 3]
        write_results(folder, [video + suffix],
                      np.array([[450, number + 1, 0, 0, 1, 1, 1]]))
    (folder / 'scores.json').write_text('{}')
    path = write_submission(
        folder, tmp_path / 'new' / 'mot17.zip', benchmark='MOT17')
    check_submission(path, benchmark='MOT17')
    assert ['wanted 42 files' in text for text in warnings] == [True, True]
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert len(names) == 21
        assert {each.date_time[0] for each in archive.infolist()} == {1980}
        assert {name[:-4].split('-')[2]
                for name in names} == {'DPM', 'FRCNN', 'SDP'}
        ids = Counter(archive.read(name).split(b',')[1] for name in names)
    assert set(ids.values()) == {3} and len(ids) == 7
    assert [item.name for item in path.parent.iterdir()] == ['mot17.zip']
    assert problems_of(
        path, 'MOT17', require_train=True
    )[0].startswith(
        'missing: MOT17-02-DPM.txt, MOT17-02-FRCNN.txt, MOT17-02-SDP.txt, ')


def test_training_videos_are_packed_all_or_none(tmp_path, warnings):
    server = SERVER_FORMATS['MOT20']
    folder = write_results(tmp_path / 'r', [*server.test, 'MOT20-01'])
    with pytest.raises(ValueError) as caught:
        write_submission(folder, tmp_path / 'a.zip', benchmark='MOT20')
    assert [line[-12:] for line in str(caught.value).split('\n')[1:]
            ] == ['MOT20-02.txt', 'MOT20-03.txt', 'MOT20-05.txt']
    assert not (tmp_path / 'a.zip').exists()
    write_results(folder, server.train)
    path = write_submission(folder, tmp_path / 'a.zip', benchmark='MOT20')
    check_submission(path, benchmark='MOT20', require_train=True)
    names = zipfile.ZipFile(path).namelist()
    assert names == sorted(names) and len(names) == 8
    assert not warnings


def test_detectors_may_differ_only_if_all_are_there(tmp_path):
    names = [f'{video}-SDP' for video in SERVER_FORMATS['MOT17'].test]
    folder = write_results(tmp_path / 'r', names)
    other = np.array([[1, 2, 0, 0, 1, 1, 1]])
    write_results(folder, ['MOT17-01-DPM'], other)
    with pytest.raises(ValueError, match='01-DPM.txt and MOT17-01-SDP.txt di'):
        write_submission(folder, tmp_path / 'a.zip', benchmark='MOT17')
    write_results(folder, ['MOT17-01-FRCNN'], other)
    path = write_submission(folder, tmp_path / 'a.zip', benchmark='MOT17')
    with zipfile.ZipFile(path) as archive:
        texts = [
            archive.read(f'MOT17-01-{detector}.txt')
            for detector in ('DPM', 'FRCNN', 'SDP')
        ]
    assert texts[0] == texts[1] != texts[2]


def test_archive_repeats_byte_for_byte_and_is_read_by_trackeval(
        dance, tmp_path):
    text = '\ufeff' + GOOD.format(
        frame=3, id=1) + '\n' + GOOD.format(
            frame=1203, id=1)
    (dance / 'dancetrack0003.txt').write_bytes(
        text.replace('\n', '\r\n').encode())
    paths = [
        write_submission(
            dance, tmp_path / f'{i}' / 'tracker.zip', benchmark='DanceTrack')
        for i in range(2)
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    check_submission(paths[0], benchmark='DanceTrack')

    from trackeval.datasets import MotChallenge2DBox
    for name in zipfile.ZipFile(paths[0]).namelist():
        rows, _ = MotChallenge2DBox._load_simple_text_file(
            name, is_zipped=True, zip_file=str(paths[0]))
        assert sorted(rows) == (['1203', '3'] if '0003' in name else ['1'])


LINES = {
    'not a finite number': '1,1,nan,2,3,4,1,-1,-1,-1',
    'expected, got 9': '1,1,1,2,3,4,1,-1,-1',
    'expected, got 1': '1 1 1 2 3 4 1 -1 -1 -1',
    'whole number from 1 to 1203': '1204,1,1,2,3,4,1,-1,-1,-1',
    'id must be a whole number of at least 1': '1,0,1,2,3,4,1,-1,-1,-1',
    'must be positive': '1,1,1,2,0,4,1,-1,-1,-1',
    'names a class other': '1,6,1,2,3,4,1,7,-1,-1',
    'the line is blank': ''
}


@pytest.mark.parametrize('expected', LINES)
def test_each_bad_line_is_found_alone(tmp_path, expected):
    text = GOOD.format(frame=1, id=5) + LINES[expected] + '\n'
    path = pack(tmp_path / 'a.zip', dance_files(v03=text))
    found, = problems_of(path)
    assert found.startswith('tracker/dancetrack0003.txt, line 2: ')
    assert expected in found


def test_blanks_for_commas_throughout(tmp_path):
    text = '1 1 10 10 5 5 1 -1 -1 -1\n2 1 10 10 5 5 1 -1 -1 -1\n'
    found, = problems_of(pack(tmp_path / 'a.zip', dance_files(v03=text)))
    assert found == ('tracker/dancetrack0003.txt, lines 1, 2: 10 columns '
                     'separated by commas are expected, got 1')


def test_all_problems_are_listed_at_once(tmp_path):
    bad = '\n'.join([
        *LINES.values(), *['0.5,2.5,1,2,3,-4,inf,-1,-1,-1'] * 5,
        '2,9,1,2,3,4,1,-1,-1,-1', '2,9,1,2,3,4,1,-1,-1,-1'
    ])
    path = pack(tmp_path / 'a.zip', [
        *dance_files(v03=bad, v09='\ufeff' + GOOD.format(frame=1, id=1))[:-1],
        ('tracker/notes.md', ''), ('dancetrack0100.txt', '')
    ])
    found = problems_of(path)
    assert found[0] == 'missing: tracker/dancetrack0100.txt'
    assert found[1].startswith('not asked for: dancetrack0100.txt, '
                               'tracker/notes.md (the server wants 35 files')
    rest = '\n'.join(found[2:])
    assert all(expected in rest for expected in LINES)
    assert 'line 15: the id occurs a second time' in rest
    assert 'lines 1, 9, 10 and 3 more: a column is not a finite' in rest
    assert '0009.txt, line 1: a byte order mark' in rest
    assert len(found) == 2 + len(LINES) + 2


def test_fast_and_slow_reading_agree(tmp_path):
    rng = np.random.default_rng(0)
    cells = ['1', '2', '1203', '1204', '0', '-1', '1.5', 'x', '', '9e99', '2']
    for _ in range(300):
        row = ['1', '1', '0', '0', '5', '5', '1', '-1', '-1', '-1']
        row[rng.integers(10)] = str(rng.choice(cells))
        good = (
            row[0] in ('1', '2', '1203')
            and row[1] in ('1', '2', '1203', '1204')
            and all(c not in ('x', '') for c in row) and float(row[4]) > 0
            and float(row[5]) > 0 and float(row[7]) <= 1)
        path = pack(tmp_path / 'a.zip', dance_files(v03=','.join(row) + '\n'))
        try:
            check_submission(path, benchmark='DanceTrack')
        except ValueError:
            assert not good, row
        else:
            assert good, row


def test_results_with_problems_are_not_packed(dance, tmp_path):
    target = tmp_path / 'tracker.zip'
    target.write_text('old')
    (dance / 'dancetrack0003.txt').write_text('\n1,2,3\n')
    (dance / 'dancetrack0009.txt').unlink()
    with pytest.raises(ValueError) as caught:
        write_submission(dance, target, benchmark='DanceTrack')
    assert 'dancetrack0003.txt, line 2: 10 columns' in str(caught.value)
    assert 'missing: dancetrack0009.txt' in str(caught.value)
    assert target.read_text() == 'old'


def test_results_of_other_runs_are_not_packed(tmp_path, warnings):
    folder = write_results(tmp_path, SERVER_FORMATS['MOT20'].test)
    (folder / 'MOT20-01.txt').write_text('an old one of a training video')
    path = write_submission(
        folder,
        tmp_path / 'a.zip',
        benchmark='MOT20',
        names=list(SERVER_FORMATS['MOT20'].test))
    assert len(zipfile.ZipFile(path).namelist()) == 4
    with pytest.raises(ValueError, match='- missing: MOT20-04.txt\n'):
        write_submission(
            folder, path, benchmark='MOT20', names=['MOT20-06'])


@pytest.mark.parametrize('first, length, tracked', [(751, 750, 750),
                                                    (7, 1500, 1500),
                                                    (1, 1499, 1499),
                                                    (1, 1500, 1499)])
def test_parts_of_videos(first, length, tracked):
    names = 'MOT17-03-SDP', 'MOT17-12-SDP', 'mine'
    sequences = [
        ScoredSequence(names[0], '', length, first),
        ScoredSequence(names[1], '', 900),
        ScoredSequence(names[2], '', 9, 2)
    ]
    with pytest.raises(ValueError) as caught:
        check_whole_videos('out', sequences,
                           dict(zip(names, (tracked, 900, 1))),
                           benchmark='MOT17')
    assert str(caught.value).startswith('"out" is not what the server')
    problem, = str(caught.value).split('\n- ')[1:]
    assert problem.startswith(
        f'MOT17-03-SDP: its frames 1 to 1500 are wanted, but {tracked} of '
        f'{length} frames from number {first} on were tracked; ')


def test_whole_videos():
    videos = SERVER_FORMATS['DanceTrack'].test
    check_whole_videos(
        'out', [ScoredSequence(name, '', n) for name, n in videos.items()],
        videos, benchmark='DanceTrack')


def test_archives_that_are_none(dance, tmp_path):
    target = tmp_path / 'tracker.zip'
    with pytest.raises(ValueError, match='one of MOT17, MOT20, DanceTrack'):
        write_submission(dance, target, benchmark='MOT15')
    with pytest.raises(ValueError, match='must end in .zip'):
        write_submission(dance, 'tracker', benchmark='DanceTrack')
    with pytest.raises(FileNotFoundError, match='is not a folder'):
        write_submission(target, target, benchmark='DanceTrack')
    with pytest.raises(FileNotFoundError, match='zip" is missing'):
        check_submission(target, benchmark='DanceTrack')
    target.write_text('no zip')
    with pytest.raises(ValueError, match='is not a zip archive'):
        check_submission(target, benchmark='DanceTrack')


def test_damaged_and_repeated_members(tmp_path):
    with pytest.warns(UserWarning, match='Duplicate name'):
        path = pack(tmp_path / 'a.zip', [
            *dance_files(v03='marker' * 9), ('tracker/dancetrack0009.txt', ''),
            ('tracker/', '')
        ])
    path.write_bytes(path.read_bytes().replace(b'marker', b'Marker'))
    damaged, repeated = problems_of(path)
    assert damaged.startswith('tracker/dancetrack0003.txt is damaged')
    assert repeated == 'tracker/dancetrack0009.txt is there 2 times'


def test_any_byte_of_an_archive_may_be_damaged(tmp_path):
    rng = np.random.default_rng(0)
    text = ''.join(
        GOOD.format(frame=frame, id=rng.integers(1, 99))
        for frame in range(1, 30))
    path = pack(tmp_path / 'a.zip', dance_files(v03=text),
                zipfile.ZIP_DEFLATED)
    whole = path.read_bytes()
    end = whole.index(b'dancetrack0009')  # of the first member and its head
    found = []
    places = range(0, end, 3)
    for place in places:
        broken = bytearray(whole)
        broken[place] ^= 1 << rng.integers(8)
        path.write_bytes(broken)
        with contextlib.suppress(ValueError):
            check_submission(path, benchmark='DanceTrack')
            continue
        found += problems_of(path)
    damaged = sum('0003.txt is damaged' in each for each in found)
    assert damaged > len(places) / 2


def test_unknown_version_of_the_zip_format(tmp_path):
    path = pack(tmp_path / 'a.zip', dance_files())
    data = bytearray(path.read_bytes())
    data[data.index(b'PK\1\2') + 6] = 99
    path.write_bytes(data)
    with pytest.raises(ValueError, match='is not a zip archive: .*version'):
        check_submission(path, benchmark='DanceTrack')
