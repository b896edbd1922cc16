import pytest

from ipmot_mm.datasets.sequence import find_sequences, read_sequence


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


def test_missing_seqinfo_says_what_to_write(make_sequence):
    folder = make_sequence('A', 3)
    (folder / 'seqinfo.ini').unlink()
    with pytest.raises(FileNotFoundError, match='seqinfo.ini" is missing') \
            as error:
        read_sequence(str(folder), with_gt=True)
    assert '"seqLength=3"' in str(error.value)


@pytest.mark.parametrize('text', [
    '', 'seqLength=3', '[Sequence]\nname=A', '[Sequence]\nseqLength=many',
    '[Sequence]\nseqLength=0'
])
def test_bad_seqinfo(make_sequence, text):
    folder = make_sequence('A', 3)
    (folder / 'seqinfo.ini').write_text(text)
    with pytest.raises(ValueError, match='seqinfo.ini" must have a section'):
        read_sequence(str(folder), with_gt=True)


def test_frame_without_a_file(make_sequence):
    folder = make_sequence('A', 9)
    for number in (2, 5):
        (folder / 'img1' / f'00000{number}.jpg').unlink()
    with pytest.raises(
            FileNotFoundError, match='no .jpg file for 2, 5 of the 9 frames'):
        read_sequence(str(folder), with_gt=True)


def test_no_images_at_all_names_only_a_few(make_sequence):
    folder = make_sequence('A', 9)
    (folder / 'img1').rename(folder / 'frames')
    with pytest.raises(
            FileNotFoundError, match='for 1, 2, 3, 4, 5 and 4 more of the 9'):
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
