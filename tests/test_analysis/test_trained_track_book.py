"""A TrackBook out of a checkpoint, and what its prompts are near to."""
import importlib.util
import json
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.config import Config

from ipmot_mm.analysis.track_book_report import report_neighbors
from ipmot_mm.analysis.trained_track_book import (choose_identities,
                                                  load_track_book,
                                                  load_training_crops,
                                                  name_identity, template_of,
                                                  untrained_copy)
from ipmot_mm.structures import IdentityMap
from ipmot_mm.testing.synthetic import write_tiny_mot
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg

TOOL = (Path(__file__).parents[2] / 'tools/visualizations' /
        'inspect_track_book.py')
KEYS = [('tiny', video, 1) for video in ('Tiny-01', 'Tiny-02')]


@pytest.fixture
def cfg(tmp_path):
    return Config(dict(
        model=dict(track_book=dict(
            type='TrackBookHead', clip=dict(model_cfg=tiny_clip_cfg()))),
        train_dataloader=dict(dataset=dict(
            type='MOTClipDataset', dataset_name='tiny',
            data_root=str(write_tiny_mot(tmp_path / 'data', num_frames=2))))))


@pytest.fixture
def checkpoint(cfg, tmp_path):
    """The first person has moved; the second was never in a batch."""
    from ipmot_mm.registry import MODELS
    book = MODELS.build(cfg.model.track_book)
    book.set_identity_map(IdentityMap.from_keys(KEYS))
    book.tokens.data[0] = book.tokens.data[0].flip(0) * 3
    path = tmp_path / 'epoch_1.pth'
    torch.save(dict(state_dict=dict(
        {f'track_book.{k}': v for k, v in book.state_dict().items()},
        other=torch.zeros(1))), path)
    return str(path)


def test_rows_and_first_tokens_come_back(cfg, checkpoint):
    book = load_track_book(cfg, checkpoint)
    before = untrained_copy(cfg, book)
    assert book.identity_map.keys == tuple(KEYS)
    assert torch.equal(book.tokens[1], before.tokens[1])
    assert not torch.equal(book.tokens[0], before.tokens[0])
    assert template_of(cfg) == 'A photo of a {} person.'
    cfg.model.track_book.template = 'One {} man'
    assert template_of(cfg) == 'One {} man'


def test_what_has_no_track_book_is_refused(cfg, checkpoint, tmp_path):
    torch.save(dict(state_dict=dict(other=torch.zeros(1))),
               tmp_path / 'stripped.pth')
    with pytest.raises(ValueError, match='released weights are stripped'):
        load_track_book(cfg, str(tmp_path / 'stripped.pth'))
    cfg.model.track_book = None
    with pytest.raises(ValueError, match='not of a baseline'):
        load_track_book(cfg, checkpoint)


def test_identities_are_chosen_by_name_number_or_evenly():
    keys = IdentityMap.from_keys([('a', 'v', i) for i in range(9)] +
                                 [('b', 'v', 3), ('b', 'w', 3)])
    assert choose_identities(keys, None, 3) == [0, 5, 10]
    assert choose_identities(keys, None, 50) == list(range(11))
    assert choose_identities(keys, ['w:3', '2'], 1) == [10, 2]
    assert name_identity(keys, 10) == 'w:3'
    for name, message in (('v:3', 'means 2 of the 11'),
                          ('x:1', 'means 0 of the 11'), ('11', 'in 0..10')):
        with pytest.raises(ValueError, match=message):
            choose_identities(keys, [name], 1)


def test_the_report_sets_both_states_beside_each_other(cfg, checkpoint):
    book = load_track_book(cfg, checkpoint)
    before = untrained_copy(cfg, book)
    report = report_neighbors(
        book, before, [1, 0], template=template_of(cfg),
        words=['red', 'blue hat'], num_neighbors=5)
    assert report['num_untouched'] == 1 and report['num_identities'] == 2
    still, moved = report['identities']
    assert (still['identity'], still['moved']) == ('Tiny-02:1', 0)
    assert 2 < moved['moved'] < 4
    units = [each.describe(torch.arange(2)) for each in (book, before)]
    units = [torch.nn.functional.normalize(each, dim=1) for each in units]
    other, = moved['persons']
    assert other['identity'] == 'Tiny-02:1'
    assert other['cosine'] == pytest.approx(
        float(units[0][0] @ units[0][1]), abs=1e-5)
    assert other['untrained'] == pytest.approx(
        float(units[1][0] @ units[1][1]), abs=1e-5)
    for word in still['words']:
        assert word['cosine'] == word['untrained']
    gains = [each['cosine'] - each['untrained'] for each in moved['words']]
    assert gains == sorted(gains, reverse=True) and abs(gains[0]) > 1e-6
    assert len(moved['tokens']) == 4
    assert [t['token'] for t in still['tokens']] == [
        t['untrained']['token'] for t in still['tokens']]


def test_other_data_is_warned_of(cfg, checkpoint, capsys):
    book = load_track_book(cfg, checkpoint)
    crops = load_training_crops(cfg, book, [0, 1])
    assert set(crops) == set(KEYS)
    cfg.train_dataloader.dataset.dataset_name = 'else'
    assert load_training_crops(cfg, book, [0]) == {}
    assert '2 identities only in the TrackBook' in capsys.readouterr().out


def test_the_command_writes_numbers_and_a_picture(cfg, checkpoint, tmp_path):
    spec = importlib.util.spec_from_file_location('inspect_track_book', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    cfg.dump(str(tmp_path / 'config.py'))
    common = [str(tmp_path / 'config.py'), checkpoint, '--out-dir',
              str(tmp_path / 'out')]
    sizes = []
    for more in (['--identities', '0', 'Tiny-02:1'], ['--no-crops']):
        assert tool.main(common + more) == 0
        image = cv2.imread(str(tmp_path / 'out' / 'neighbors.png'))
        sizes.append(image.std())
    found = json.loads((tmp_path / 'out' / 'neighbors.json').read_text())
    assert [each['row'] for each in found['identities']] == [0, 1]
    assert sizes[0] > sizes[1]  # text alone
    assert tool.main(common + ['--identities', 'x']) == 2
