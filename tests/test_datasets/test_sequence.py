import pytest

from ipmot_mm.datasets.sequence import (find_image_dir, find_sequences,
                                        list_frames, positive_number,
                                        read_seqinfo, read_seqmap,
                                        read_sequence, read_sequence_length,
                                        span_of_half)


def test_reads_a_sequence_with_eight_digits(make_sequence):
    folder = make_sequence('dancetrack0001', 3, digits=8)
    sequence = read_sequence(str(folder), with_gt=True)
    assert sequence.name == 'dancetrack0001'
    assert sequence.image_names == ('00000001.jpg', '00000002.jpg',
                                    '00000003.jpg')
    assert sequence.gt_path == str(folder / 'gt' / 'gt.txt')
    assert len(sequence) == 3


def test_windows_seqinfo_with_byte_order_mark(make_sequence):
    info = make_sequence('A', 2) / 'seqinfo.ini'
    text = info.read_text().replace('\n', '\r\n')
    info.write_bytes(text.encode('utf-8-sig'))
    assert len(read_sequence(str(info.parent), with_gt=True)) == 2


def test_seqinfo_of_another_encoding(make_sequence):
    info = make_sequence('A', 2) / 'seqinfo.ini'
    text = info.read_text().replace('name=A', 'name=Bürgersteig')
    info.write_bytes(text.encode('cp1252'))
    assert '=Bürger' in text and read_seqinfo(str(info.parent))[
        'seqlength'] == '2'
    info.write_bytes(text.encode('utf-16'))
    with pytest.raises(ValueError, match='must have a section'):
        read_seqinfo(str(info.parent))


def test_frames_without_seqinfo(make_sequence):
    folder = make_sequence('A', 12)
    assert read_sequence(str(folder), with_gt=True).has_seqinfo
    (folder / 'seqinfo.ini').unlink()
    for number, name in enumerate(['1.PNG', '000002.jpeg', '03.bmp'], 1):
        (folder / 'img1' / f'{number:06d}.jpg').rename(folder / 'img1' / name)
    for name in ('Thumbs.db', '._000004.jpg', 'cover.jpg', '5.txt', '².jpg'):
        (folder / 'img1' / name).touch()
    sequence = read_sequence(str(folder), with_gt=True)
    assert not sequence.has_seqinfo
    assert sequence.image_names[:4] == ('1.PNG', '000002.jpeg', '03.bmp',
                                        '000004.jpg')
    assert len(sequence) == read_sequence_length(str(folder)) == 12


def test_frames_in_the_folder_itself(make_sequence):
    folder = make_sequence('A', 2)
    (folder / 'seqinfo.ini').unlink()
    for path in (folder / 'img1').iterdir():
        path.rename(folder / path.name)
    (folder / 'img1').rmdir()
    sequence = read_sequence(str(folder), with_gt=True)
    assert sequence.image_dir == str(folder)
    assert sequence.image_names == ('000001.jpg', '000002.jpg')


@pytest.mark.parametrize('removed, added, message', [
    ([1], [0], r'a frame 0, but without .* is 9\)\. The frames count from 0: '
     'rename'),
    ([], [0], 'a frame 0, but without'),
    ([2, 5], [], r'no frame 2, 5, but without .* is 9\)\. Copy the missing'),
    ([1], [], 'no frame 1, but'),
    ([], [10**40], r'no frame 10-14 and 9+85 more, but'),
])
def test_frames_without_seqinfo_are_numbered_from_1(make_sequence, removed,
                                                    added, message):
    folder = make_sequence('A', 9)
    (folder / 'seqinfo.ini').unlink()
    for number in removed:
        (folder / 'img1' / f'{number:06d}.jpg').unlink()
    for number in added:
        (folder / 'img1' / f'{number:06d}.jpg').touch()
    with pytest.raises(ValueError, match=message):
        read_sequence(str(folder), with_gt=True)


def test_two_files_for_a_frame(make_sequence):
    folder = make_sequence('A', 2)
    (folder / 'img1' / '2.jpg').touch()
    with pytest.raises(
            ValueError,
            match='two files for frame 2: 000002.jpg '
            'and 2.jpg. Remove'):
        read_sequence(str(folder), with_gt=True)


def test_neither_seqinfo_nor_frames(tmp_path):
    (tmp_path / 'A').mkdir()
    for read in (read_sequence_length,
                 lambda path: read_sequence(path, with_gt=False)):
        with pytest.raises(
                FileNotFoundError,
                match='no seqinfo.ini, and ".*A" has no im'):
            read(str(tmp_path / 'A'))


def test_length_does_not_need_the_frames(tmp_path):
    (tmp_path / 'seqinfo.ini').write_text('[Sequence]\nseqLength=1050\n')
    assert read_sequence_length(str(tmp_path)) == 1050


def test_every_file_of_a_frame_is_listed(make_sequence):
    folder = make_sequence('A', 2)
    (folder / 'img1/02.jpg').touch()
    (folder / 'img1/2.png').touch()
    image_dir = find_image_dir(str(folder), None)
    assert image_dir == str(folder / 'img1')
    info = read_seqinfo(str(folder))
    first, second = ['000001.jpg'], ['000002.jpg', '02.jpg']
    assert list_frames(image_dir, info) == {1: first, 2: second}
    assert list_frames(image_dir, None) == {1: first, 2: [*second, '2.png']}
    assert list_frames(str(folder / 'none'), None) == {}


def test_extension_without_a_dot(make_sequence):
    folder = make_sequence('A', 2)
    info = folder / 'seqinfo.ini'
    info.write_text(info.read_text().replace('.jpg', 'JPG'))
    assert len(read_sequence(str(folder), with_gt=True)) == 2


@pytest.mark.parametrize('text', [
    '', 'seqLength=3', '[Sequence]\nname=A', '[Sequence]\nseqLength=many',
    '[Sequence]\nseqLength=0', '[Sequence]\nseqLength=1e3',
    '[Sequence]\nseqLength=1_0', '[Sequence]\nseqLength=\u0663',
    '[Sequence]\nseqLength=3\nseqLength=3', '[Sequence]\nseqLength=-3',
    '[Sequence]\nseqLength=' + '9' * 5000
])
def test_bad_seqinfo(make_sequence, text):
    folder = make_sequence('A', 3)
    (folder / 'seqinfo.ini').write_text(text)
    with pytest.raises(ValueError, match='seqinfo.ini" must have a section'):
        read_sequence(str(folder), with_gt=True)


def test_positive_numbers():
    for text in ('', '0', '-1', '1_0', '1e3', '9' * 5000, '\u0663'):
        assert positive_number(text) == 0
    assert positive_number('070') == 70


def test_frame_without_a_file(make_sequence):
    folder = make_sequence('A', 9)
    for number in (2, 5):
        (folder / 'img1' / f'00000{number}.jpg').unlink()
    with pytest.raises(
            FileNotFoundError, match='no .jpg file for 2, 5 of the 9 frames'):
        read_sequence(str(folder), with_gt=True)


def test_promised_frames_that_count_from_0(make_sequence):
    folder = make_sequence('A', 2)
    (folder / 'img1' / '000002.jpg').rename(folder / 'img1' / '000000.jpg')
    with pytest.raises(
            FileNotFoundError, match='for 2 of the 2 .* frames count from 0'):
        read_sequence(str(folder), with_gt=True)


def test_absurd_length_is_refused_at_once(make_sequence):
    folder = make_sequence('A', 2)
    info = folder / 'seqinfo.ini'
    info.write_text(info.read_text().replace('Length=2', f'Length={10**30}'))
    with pytest.raises(
            FileNotFoundError, match='for 3-7 and 9+3 more of the'):
        read_sequence(str(folder), with_gt=True)


def test_no_images_at_all_names_only_a_few(make_sequence):
    folder = make_sequence('A', 9)
    (folder / 'img1').rename(folder / 'frames')
    with pytest.raises(
            FileNotFoundError, match='for 1-5 and 4 more of the 9'):
        read_sequence(str(folder), with_gt=True)


def test_frames_beyond_the_length_are_reported(make_sequence, monkeypatch):
    messages = []
    monkeypatch.setattr('ipmot_mm.datasets.sequence.print_log',
                        lambda message, **kwargs: messages.append(message))
    folder = make_sequence('A', 4)
    info = folder / 'seqinfo.ini'
    info.write_text(info.read_text().replace('seqLength=4', 'seqLength=3'))
    assert len(read_sequence(str(folder), with_gt=True)) == 3
    assert 'has 4 frames, but seqLength in seqinfo.ini is 3' in messages[0]


def test_ground_truth_is_needed_for_training_only(make_sequence):
    folder = make_sequence('A', 2)
    (folder / 'gt' / 'gt.txt').unlink()
    assert read_sequence(str(folder), with_gt=False).gt_path == ''
    with pytest.raises(FileNotFoundError, match='gt.txt" is missing, but the'):
        read_sequence(str(folder), with_gt=True)


def test_find_sequences_by_pattern(make_sequence, tmp_path):
    for name in ('B-SDP', 'A-SDP', 'A-DPM', '.hidden-SDP'):
        (tmp_path / name).mkdir()
    (tmp_path / 'file-SDP').touch()
    found = find_sequences(str(tmp_path), ['*-SDP'])
    assert found == [str(tmp_path / name) for name in ('A-SDP', 'B-SDP')]


def test_find_sequences_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match='IPMOT_DATA names the folder'):
        find_sequences(str(tmp_path / 'MOT17'), ['*'])
    (tmp_path / 'MOT17-02-DPM').mkdir()
    with pytest.raises(FileNotFoundError, match='found MOT17-02-DPM. Correct'):
        find_sequences(str(tmp_path), ['*-SDP'])


def test_seqmap(tmp_path):
    path = tmp_path / 'seqmap.txt'
    path.write_bytes('\ufeffname\r\n\r\nB \r\nA\r\n'.encode())
    assert read_seqmap(str(path)) == {'B': 3, 'A': 4}
    path.write_text('v_-6Os86HzwCs_c001\nv_gQNyhv8y0QY_c003')
    assert read_seqmap(str(path)) == {
        'v_-6Os86HzwCs_c001': 1,
        'v_gQNyhv8y0QY_c003': 2
    }


@pytest.mark.parametrize('text, message', [
    ('', 'lists no sequence'),
    ('name\n', 'lists no sequence'),
    ('A\n\nB\nA\n', r"line 4: 'A' is listed a second time \(first in line 1"),
])
def test_bad_seqmap(tmp_path, text, message):
    (tmp_path / 'seqmap.txt').write_text(text)
    with pytest.raises(ValueError, match=f'seqmap.txt".*{message}'):
        read_seqmap(str(tmp_path / 'seqmap.txt'))
    with pytest.raises(FileNotFoundError, match='other.txt" is missing'):
        read_seqmap(str(tmp_path / 'other.txt'))


def test_find_sequences_of_a_seqmap(tmp_path):
    for name in ('B-SDP', 'A-SDP', 'C-SDP', 'A-DPM'):
        (tmp_path / name).mkdir()
    seqmap = tmp_path / 'seqmap.txt'
    seqmap.write_text('name\nB-SDP\nB-DPM\nA-SDP\nA-DPM\n')
    found = find_sequences(str(tmp_path), ['*-SDP'], str(seqmap))
    assert found == [str(tmp_path / name) for name in ('A-SDP', 'B-SDP')]
    with pytest.raises(
            FileNotFoundError,
            match=r"seqmap.txt\", line 3: .* has no folder 'B-DPM' \(1 of "
            'the 4 sequences are missing'):
        find_sequences(str(tmp_path), ['*'], str(seqmap))
    with pytest.raises(
            FileNotFoundError, match='in ".*seqmap.txt" matches .* or seqmap'):
        find_sequences(str(tmp_path), ['*-FRCNN'], str(seqmap))


@pytest.mark.parametrize('length', [1, 2, 3, 4, 5, 600, 1050])
def test_halves_split_as_mot2coco(length):
    # mot2coco: train = [0, N // 2], val = [N // 2 + 1, N - 1], 0-based
    numbers = list(range(length))
    for half, expected in (('train', [n for n in numbers if n <= length // 2]),
                           ('val', [n for n in numbers if n > length // 2]),
                           (None, numbers)):
        assert list(range(*span_of_half(length, half))) == expected


def test_second_halves_of_mot20_have_the_frames_of_the_protocol():
    spans = [span_of_half(n, 'val') for n in (429, 2782, 2405, 3315)]
    assert [end - first for first, end in spans] == [214, 1390, 1202, 1657]
