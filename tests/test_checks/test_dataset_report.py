"""Totals over all videos, and the memory of the TrackBook."""
import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from ipmot_mm.checks import (ModelNeeds, check_parts, format_table,
                             part_of_folder, parts_of_config)
from ipmot_mm.registry import MODELS
from ipmot_mm.structures import IdentityMap

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


def test_totals(make_sequence, tmp_path):
    make_sequence('a', 3)
    make_sequence('b', 2, '1,3,4,5,6,7,1,1,1\n1,4,30,5,6,7,1,1,1\n')
    report = check_parts([part_of_folder(str(tmp_path))], ModelNeeds())
    header, _a, _b, total = report.table()
    row = dict(zip(header, total))
    assert row['video'] == 'total (2)' and row['frames'] == '5'
    assert (row['objects'], row['ids'], row['max'], row['empty'],
            row['per frame']) == ('5', '3', '2', '1', '1.0')
    found = json.loads(json.dumps(report.to_dict()))
    assert found['total']['num_objects'] == 5
    assert found['total']['objects_per_frame']['max'] == 2
    assert found['track_book'] == dict(
        num_identities=3, num_context_tokens=4, token_dims=512,
        num_bytes=3 * 4 * 512 * 4 * 3)
    assert [video['name'] for video in found['videos']] == ['a', 'b']
    assert found['num_errors'] == report.num_errors == 0
    assert found['num_warnings'] == 2  # tracks and frames
    lines = format_table(report.table()).splitlines()
    assert len(lines) == 5 and len({len(line) for line in lines}) == 1


def test_boxes_of_other_classes_are_told(make_sequence, tmp_path):
    make_sequence('a', 2, '1,3,4,5,6,7,1,1,1\n1,4,30,5,6,7,1,3,1\n')
    make_sequence('b', 2, '1,3,4,5,6,7,1,1,1\n1,4,30,5,6,7,1,3,1\n'
                  '2,4,30,5,6,7,1,20,1\n2,5,30,5,6,7,0,9,1\n')
    advice = ('are not trained on (--class-ids 1 3 20 would; a config has '
              'class_ids)')
    boxes = {
        (1, ): [f'2 boxes of class 3, 1 boxes of class 20 {advice}'],
        (3, 1): [f'1 boxes of class 20 {advice}'],
        (1, 3, 20): []
    }
    for class_ids, expected in boxes.items():
        part = part_of_folder(str(tmp_path), class_ids=class_ids)
        summary = check_parts([part], ModelNeeds()).summary()
        assert [each for each in summary
                if 'not trained on' in each] == expected


def test_needs_of_a_config_are_those_of_its_model():
    cfg = Config.fromfile(
        CONFIGS / 'pets09/ipmot_dab-tiny_2xb4-30e_pets09.py')
    needs = ModelNeeds.from_config(cfg)
    assert needs.num_queries == cfg.model.detector.num_queries
    book = MODELS.build(cfg.model.track_book)
    book.set_identity_map(
        IdentityMap.from_keys(('a', 'b', i) for i in range(7)))
    # AdamW keeps two numbers for each number that it trains.
    assert needs.track_book_bytes(7) == 3 * book.tokens.nbytes
    assert book.tokens.dtype == torch.float32


def test_needs_of_the_paper_and_without_a_track_book():
    cfg = Config.fromfile(CONFIGS / '_base_/models/ipmot_dab_r50.py')
    assert ModelNeeds.from_config(cfg) == ModelNeeds()
    assert ModelNeeds().track_book_bytes(1000) == 1000 * 4 * 512 * 4 * 3
    cfg.model.track_book = None
    assert ModelNeeds.from_config(cfg).track_book_bytes(1000) == 0
    assert ModelNeeds.from_config(Config()) == ModelNeeds()


def test_only_parts_with_identities_need_rows(make_sequence, tmp_path):
    make_sequence('a', 3)
    dataset = dict(
        type='MOTClipDataset', data_root=str(tmp_path), dataset_name='x')
    for extra, rows in ((dict(), 1), (dict(with_identities=False), 0),
                        (dict(test_mode=True), 0)):
        cfg = Config(
            dict(train_dataloader=dict(dataset=dict(**dataset, **extra))))
        report = check_parts(parts_of_config(cfg, 'train'), ModelNeeds())
        assert report.num_track_book_rows == rows
        assert report.videos[0].num_identities == 1


@pytest.mark.parametrize('name, frames, boxes, ids, most', [
    ('MOT17-mini', 28, 662, 106, 42), ('MOT20-mini', 215, 9060, 55, 52),
    ('PETS09', 240, 1474, 10, 8)])
def test_real_data_has_no_errors(shared_data, name, frames, boxes, ids, most):
    report = check_parts([part_of_folder(str(shared_data / name))],
                         ModelNeeds())
    assert report.num_errors == report.num_warnings == 0
    counts = report.pooled('objects_per_frame')
    assert (len(counts), counts.sum(), counts.max()) == (frames, boxes, most)
    assert report.num_track_book_rows == ids
