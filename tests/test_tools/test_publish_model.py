"""Weights for others, with a name that proves them and a card."""
import hashlib
import json

import pytest
import torch
import yaml
from mmengine.config import Config

from ipmot_mm.apis import init_tracker
from ipmot_mm.registry import MODELS
from ipmot_mm.testing import tiny_model_cfg

TOOL = 'model_converters/publish_model.py'


@pytest.fixture(scope='module')
def training(tmp_path_factory):
    """Checkpoint and config of a training, and the weights of the model."""
    folder = tmp_path_factory.mktemp('training')
    cfg = tiny_model_cfg(with_track_book=True)
    Config(dict(model=cfg)).dump(folder / 'tiny.py')
    model = MODELS.build(cfg)
    model.init_weights()
    weights = model.state_dict()
    meta = dict(
        epoch=4,
        iter=120,
        cfg='data_root = "/home/me"',
        time='now',
        experiment_name='tiny_2026',
        dataset_meta=dict(classes=('pedestrian', )),
        training_data=dict(
            classes=['pedestrian'],
            videos=dict(street=dict(a=[9, 20, 3], b=[5, 4, 2]))))
    torch.save(
        dict(
            meta=meta,
            state_dict={
                **weights, 'track_book.tokens': torch.ones(5, 4)
            },
            ema_state_dict=dict(weights),
            message_hub={},
            optimizer={},
            param_schedulers={}), folder / 'epoch_4.pth')
    return folder, weights


def published(folder, suffix='pth'):
    path, = folder.glob(f'tiny-*.{suffix}')
    return path


def test_file_name_proves_its_content(call, training, tmp_path):
    folder, weights = training
    code, out, err = call(folder / 'epoch_4.pth', tmp_path / 'tiny.pth',
                          '--config', folder / 'tiny.py')
    assert code == 0, err
    path = published(tmp_path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.name == f'tiny-{sha256[:8]}.pth'
    assert f'{len(weights)} of {len(weights) + 1} tensors (tracker)' in out
    content = torch.load(path)
    assert content['state_dict'].keys() == weights.keys()
    assert content['meta'] == dict(
        dataset_meta=dict(classes=('pedestrian', )), epoch=4, iter=120)
    model = init_tracker(folder / 'tiny.py', path)
    for key, value in model.state_dict().items():
        assert value.equal(weights[key])
    call(folder / 'epoch_4.pth', tmp_path / 'again' / 'tiny.pth')
    assert published(tmp_path / 'again').name == path.name


def test_views_come_without_the_rest_of_their_storage(call, training,
                                                      tmp_path):
    checkpoint = torch.load(training[0] / 'epoch_4.pth')
    names = []
    for num_copies in (1, 9):
        checkpoint['state_dict'] = {
            key: torch.stack([value] * num_copies)[0]
            for key, value in checkpoint['state_dict'].items()
        }
        torch.save(checkpoint, tmp_path / 'views.pth')
        call(tmp_path / 'views.pth', tmp_path / str(num_copies) / 'tiny.pth')
        names.append(published(tmp_path / str(num_copies)).name)
    assert names[0] == names[1]


def test_dots_of_a_name_stay(call, training, tmp_path):
    for name in ('tiny-v1.2', 'tiny-v1.2.pth', 'tiny-v1.2.pt'):
        call(training[0] / 'epoch_4.pth', tmp_path / name)
        path, = tmp_path.glob('*.pth')
        assert path.name.startswith('tiny-v1.2-') and len(path.name) == 22
        path.unlink()


def test_card_and_entry_say_what_is_known(call, training, tmp_path):
    folder, _ = training
    scores = tmp_path / 'scores.json'
    scores.write_text(
        json.dumps({'COMBINED': dict(HOTA=0.4321, IDF1=0.5, IDSW=3)}))
    code, out, err = call(
        folder / 'epoch_4.pth', tmp_path / 'tiny.pth', '--config',
        folder / 'tiny.py', '--scores', f'MOT20={scores}', '--metafile',
        '--licence', 'CC BY 4.0', '--limit', 'Not for night.')
    assert code == 0, err
    card = published(tmp_path, 'md').read_text()
    sha256 = hashlib.sha256(published(tmp_path).read_bytes()).hexdigest()
    for line in (
            '| Config | `tiny.py` |', '| Classes | pedestrian |',
            '| Training data | street (2 videos, 14 frames, 24 boxes, 5 '
            'identities) |', '| Identities of the TrackBook | 5 |',
            '| Epochs, iterations | 4, 120 |', f'| SHA-256 | `{sha256}` |',
            '| Licence of the weights | CC BY 4.0 |',
            '| MOT20 | 43.2 |  |  |  | 50.0 |', '* Not for night.'):
        assert f'{line}\n' in card, line
    assert str(folder) not in card and '/home/me' not in card
    entry, = yaml.safe_load(published(tmp_path, 'yml').read_text())
    assert entry['Results'][0]['Metrics'] == dict(HOTA=43.2, IDF1=50.0)
    assert entry['Weights'] == published(tmp_path).name
    assert entry['Metadata']['Training Data'].startswith('street (2')


def test_what_nobody_says_is_not_invented(call, training, tmp_path):
    torch.save(dict(state_dict=training[1]), tmp_path / 'weights.pth')
    code, _, err = call(tmp_path / 'weights.pth', tmp_path / 'tiny.pth')
    assert code == 0, err
    card = published(tmp_path, 'md').read_text()
    assert card.count('| not stated') == 6
    assert 'None are given with this file.' in card
    assert torch.load(published(tmp_path))['meta'] == {}
    assert not list(tmp_path.glob('*.yml'))


@pytest.mark.parametrize('keep, parts', (
    ('tracker', {'detector', 'updater', 'dedup'}), ('detector', {'detector'}),
    ('all', {'detector', 'updater', 'dedup', 'track_book'})))
def test_plain_file_has_the_weights_alone(call, training, tmp_path, keep,
                                          parts):
    folder, weights = training
    out = tmp_path / 'exact.pth'
    code, said, err = call(folder / 'epoch_4.pth', out, '--plain', '--keep',
                           keep)
    assert code == 0, err
    assert list(tmp_path.iterdir()) == [out]
    written = torch.load(out)
    assert list(written) == ['state_dict']
    kept = written['state_dict']
    assert {key.split('.')[0] for key in kept} == parts
    assert said == (f'{out}: {len(kept)} of {len(weights) + 1} tensors '
                    f'({keep})\n')
    assert all(kept[key].equal(weights[key]) for key in kept
               if not key.startswith('track_book'))


def test_config_text_only_if_wanted(call, training, tmp_path):
    call(training[0] / 'epoch_4.pth', tmp_path / 'tiny.pth', '--with-config',
         '--keep', 'all')
    content = torch.load(published(tmp_path))
    assert content['meta']['cfg'] == 'data_root = "/home/me"'
    assert 'track_book.tokens' in content['state_dict']


def test_what_cannot_be_published(call, training, tmp_path):
    folder, _ = training
    source, out = folder / 'epoch_4.pth', tmp_path / 'out' / 'tiny.pth'
    code, _, err = call(tmp_path / 'none.pth', out)
    assert code == 2 and err.startswith('error: checkpoint not found')
    torch.save({'updater.a': torch.ones(2)}, tmp_path / 'a.pth')
    code, _, err = call(tmp_path / 'a.pth', out, '--keep', 'detector')
    assert code == 2 and 'nothing to keep of "detector", its keys be' in err
    torch.save({'detector.a': torch.tensor([torch.nan])}, tmp_path / 'a.pth')
    code, _, err = call(tmp_path / 'a.pth', out)
    assert code == 2 and 'NaN or infinity in 1 weights, such as detect' in err
    torch.save([1], tmp_path / 'list.pth')
    code, _, err = call(tmp_path / 'list.pth', out)
    assert code == 2 and 'holds a list, not weights by name' in err
    code, _, err = call(source, out, '--scores', 'a')
    assert code == 2 and '--scores expects NAME=FILE, got a' in err
    code, _, err = call(source, out, '--scores', f'a={folder / "tiny.py"}')
    assert code == 2 and 'has no scores over all sequences' in err
    assert not out.parent.exists()


def test_config_of_another_model_is_refused(call, training, tmp_path):
    config = tmp_path / 'other.py'
    Config(dict(model=tiny_model_cfg(num_queries=7))).dump(config)
    code, _, err = call(training[0] / 'epoch_4.pth', tmp_path / 'tiny.pth',
                        '--config', config)
    assert code == 2 and 'does not fit the model of the config' in err
