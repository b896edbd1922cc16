"""Equal trainings have equal keys, and no others."""
import copy

import pytest

from ipmot_mm.study.fingerprint import (file_digest, fingerprint,
                                        training_settings)

CFG = dict(
    model=dict(depth=3, init=None),
    train_dataloader=dict(batch_size=2, sampler=(1, 2)),
    default_hooks=dict(logger=dict(interval=50), book=dict(type='Book')),
    randomness=dict(seed=3, deterministic=False),
    load_from=None)


def key_of(cfg):
    return fingerprint(training_settings(cfg))


@pytest.mark.parametrize('change', [
    dict(randomness=dict(seed=4, deterministic=False)),
    dict(work_dir='x'),
    dict(test_dataloader=dict(batch_size=1)),
    dict(val_cfg=dict()),
    dict(embed_dims=7),
    dict(model=dict(init=None, depth=3)),
    dict(default_hooks=dict(logger=None, book=dict(type='Book'))),
    dict(train_dataloader=dict(batch_size=2, sampler=[1, 2])),
])
def test_what_does_not_change_the_weights(change):
    assert key_of({**CFG, **change}) == key_of(CFG)


@pytest.mark.parametrize('change', [
    dict(model=dict(depth=4, init=None)),
    dict(train_dataloader=dict(batch_size=2, sampler=(2, 1))),
    dict(default_hooks=dict(logger=None, book=dict(type='Page'))),
    dict(randomness=dict(seed=3, deterministic=True)),
    dict(load_from='a.pth'),
    dict(custom_hooks=[dict(type='EMAHook')]),
])
def test_what_changes_them(change):
    assert key_of({**CFG, **change}) != key_of(CFG)


def test_a_key_is_short_and_leaves_the_config_alone():
    before = copy.deepcopy(CFG)
    key = key_of(CFG)
    assert len(key) == 8 and int(key, 16) >= 0
    assert CFG == before


def test_weights_count_by_content(tmp_path):
    one, two = tmp_path / 'one.pth', tmp_path / 'two.pth'
    for path in (one, two):
        path.write_bytes(b'weights')
    assert file_digest(str(one)).startswith('9a129038d9a0')
    cfg = {**CFG, 'load_from': str(one)}
    moved = {**CFG, 'load_from': str(two)}
    assert key_of(cfg) == key_of(moved)
    before = key_of(cfg)
    one.write_bytes(b'other weights')
    assert key_of(cfg) != before
