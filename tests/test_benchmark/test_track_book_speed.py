"""The benchmark of the TrackBook compares equal work."""
import argparse
import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from ipmot_mm.benchmark.commands import track_book
from ipmot_mm.benchmark.track_book_speed import TextBench, TrackBookBench
from ipmot_mm.testing import tiny_model_cfg

ROOT = Path(__file__).parents[2]
SCHEDULE = ROOT / 'configs/_base_/schedules/schedule_8e_tiny.py'


@pytest.fixture
def bench():
    cfg = Config.fromfile(SCHEDULE)
    cfg.model = tiny_model_cfg(with_track_book=True)
    return TrackBookBench(cfg, (96, 64), 2, 4)


def test_all_ways_give_the_same_texts(bench):
    texts = TextBench(bench.head, 3)
    assert texts.difference() < 1e-5
    lengths = []
    bench.head.frozen_clip.text_encoder.transformer.resblocks[
        0].ln_1.register_forward_hook(
            lambda module, args, out: lengths.append(out.size(1)))
    for call in texts.calls(with_gradient=True).values():
        call()
    assert lengths == [77, 12, 7]


def test_other_texts_are_not_timed(bench, monkeypatch):
    texts = TextBench(bench.head, 3)
    monkeypatch.setattr(texts, 'truncated', lambda rows: texts.whole(rows) + 1)
    with pytest.raises(RuntimeError, match='texts differ by 1'):
        texts.difference()


def test_cached_features_are_those_of_the_crops(bench):
    assert bench.num_crops == 8
    assert 0 < bench.difference() < 2e-3
    bench.head.feature_cache.features[:] += 1
    with pytest.raises(RuntimeError, match='crop features differ'):
        bench.difference()


def test_all_calls_train_the_rows_and_iterations_the_tracker(bench):
    tower = bench.head.frozen_clip.image_encoder
    encoded = []
    tower.register_forward_hook(lambda *args: encoded.append(1))
    tokens = bench.head.tokens
    weight = next(bench.model.detector.encoder.parameters())
    for name, call in bench.calls().items():
        before = tokens.detach().clone(), weight.detach().clone()
        encoded.clear()
        call()
        assert (tokens != before[0]).any(1).all(), name
        moved = not torch.equal(weight, before[1])
        assert moved == name.startswith('iteration'), name
        assert len(encoded) == name.endswith('online'), name


def test_what_has_no_track_book_or_no_crop_is_refused():
    cfg = Config.fromfile(SCHEDULE)
    cfg.model = tiny_model_cfg()
    with pytest.raises(ValueError, match='no model.track_book or no optim'):
        TrackBookBench(cfg, (96, 64), 2, 4)
    cfg.model = tiny_model_cfg(with_track_book=True)
    cfg.model.track_book.min_crop_size = (500, 500)
    with pytest.raises(ValueError, match='All objects are too small'):
        TrackBookBench(cfg, (96, 64), 2, 4)


def test_command():
    parser = argparse.ArgumentParser()
    track_book.add_arguments(parser)
    found = track_book.run(
        parser.parse_args([
            str(ROOT / 'configs/synthmot'
                '/ipmot_dab-tiny_2xb4-8e_synthmot-street.py'),
            '--size', '96x64', '--num-frames', '2', '--num-objects', '3',
            '--num-rounds', '1', '--image-dtype', 'bfloat16'
        ]))['track_book']
    json.dumps(found)
    assert found['num_crops'] == 6 and found['image_dtype'] == 'bfloat16'
    seconds = found['iteration']['seconds']
    for mode in ('online', 'cached'):
        assert found['iteration']['shares'][mode] == (
            seconds[f'step_{mode}'] / seconds[f'iteration_{mode}'])
    forward = found['texts']['seconds']['forward']
    assert found['texts']['ratios']['forward']['prefix'] == (
        forward['whole'] / forward['prefix'])
