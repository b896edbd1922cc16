"""The weights of a tracker without its TrackBook."""
import torch

TOOL = 'model_converters/drop_track_book.py'


def test_rows_and_bookkeeping_are_left_out(call, tmp_path):
    weights = dict(a=torch.ones(2), b=torch.zeros(1))
    rows = {'track_book.tokens': torch.ones(1)}
    src, dst = tmp_path / 'old.pth', tmp_path / 'new.pth'
    torch.save(
        dict(state_dict={**weights, **rows}, optimizer={}, meta={}), src)
    code, out, _ = call(src, dst)
    assert code == 0 and out == f'{dst}: 2 tensors, no TrackBook\n'
    written = torch.load(dst)
    assert list(written) == ['state_dict']
    assert written['state_dict'].keys() == weights.keys()
    assert torch.equal(written['state_dict']['a'], weights['a'])


def test_without_a_track_book_nothing_is_written(call, tmp_path):
    torch.save(dict(state_dict=dict(a=torch.ones(2))), tmp_path / 'old.pth')
    code, _, err = call(tmp_path / 'old.pth', tmp_path / 'new.pth')
    assert code == 2 and 'has no TrackBook; it can be given to load' in err
    assert not (tmp_path / 'new.pth').exists()
    code, _, err = call(tmp_path / 'no.pth', tmp_path / 'new.pth')
    assert code == 2 and err.startswith('error: checkpoint not found')
