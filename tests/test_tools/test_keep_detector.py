"""The weights of a detector without the rest of its training."""
import torch

TOOL = 'model_converters/keep_detector.py'


def test_all_else_is_left_out(call, tmp_path):
    kept = {'detector.a': torch.ones(2), 'detector.head.b': torch.zeros(1)}
    rest = {
        'updater.a': torch.ones(1),
        'track_book.tokens': torch.ones(1),
        'dedup.detector.a': torch.ones(1)
    }
    src, dst = tmp_path / 'old.pth', tmp_path / 'new.pth'
    torch.save(dict(state_dict={**rest, **kept}, optimizer={}, meta={}), src)
    code, out, _ = call(src, dst)
    assert code == 0 and out == f'{dst}: 2 of 5 tensors\n'
    written = torch.load(dst)
    assert list(written) == ['state_dict']
    assert written['state_dict'].keys() == kept.keys()
    for key, value in kept.items():
        assert torch.equal(written['state_dict'][key], value)


def test_without_a_detector_nothing_is_written(call, tmp_path):
    src, dst = tmp_path / 'old.pth', tmp_path / 'new.pth'
    torch.save(dict(state_dict={'updater.a': torch.ones(2)}), src)
    code, _, err = call(src, dst)
    assert code == 2
    assert 'has no weights that begin with "detector."' in err
    assert not dst.exists()
    code, _, err = call(tmp_path / 'no.pth', dst)
    assert code == 2 and err.startswith('error: checkpoint not found')
