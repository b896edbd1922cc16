"""Whose prompts are alike, while the TrackBook learns."""
import numpy as np
import pytest
import torch
from visual_runs import backend_of, make_runner

HOOK = dict(type='NearestIdentitiesHook', num_identities=3, num_neighbors=2)


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """A training with the hook and one without."""
    folder, runs = tmp_path_factory.mktemp('runs'), []
    for name, hooks in (('with', [HOOK]), ('without', [])):
        runner = make_runner(folder, name, hooks)
        runner.train()
        runs.append(runner)
    return runs


def test_nothing_else_changes(runs):
    logs = [[(key, pytest.approx(value, nan_ok=True), step)
             for key, value, step in backend_of(runner).scalars
             if 'time' not in key and not key.startswith('track_book/')]
            for runner in runs]
    assert logs[0] == logs[1] and len(logs[0]) > 20
    states = [runner.model.state_dict() for runner in runs]
    assert all(torch.equal(states[0][key], states[1][key])
               for key in states[0])


def test_a_picture_before_and_after_each_epoch(runs):
    images = backend_of(runs[0]).images
    assert [(name, step) for name, _, step in images] == [
        ('track_book_neighbors', step) for step in range(3)]
    assert all(image.std() > 10 for _, image, _ in images)
    assert (images[0][1].shape != images[2][1].shape
            or np.any(images[0][1] != images[2][1]))


def test_the_numbers_are_those_of_the_prompts(runs):
    texts = torch.nn.functional.normalize(runs[0].model.track_book.describe(
        torch.arange(len(runs[0].model.track_book.tokens))), dim=1)
    cosines = texts @ texts.T
    pairs = cosines[~torch.eye(len(texts), dtype=torch.bool)].view(
        len(texts), -1)
    expected = [float(np.median(pairs.numpy())),
                float(np.median(pairs.max(1).values.numpy()))]
    last = {key: value for key, value, step in backend_of(runs[0]).scalars
            if step == 2 and key.startswith('track_book/')}
    assert [last['track_book/cosine'],
            last['track_book/nearest_cosine']] == pytest.approx(
                expected, abs=1e-5)


def test_interval(tmp_path):
    runner = make_runner(tmp_path, 'run', [dict(HOOK, interval=2)], epochs=2)
    runner.train()
    assert [step for *_, step in backend_of(runner).images] == [0, 2]


def test_without_track_book_nothing_is_drawn(tmp_path, capsys):
    runner = make_runner(tmp_path, 'run', [HOOK], epochs=1)
    hook = next(hook for hook in runner.hooks
                if type(hook).__name__ == 'NearestIdentitiesHook')
    runner.model.track_book = None
    hook.before_train(runner)
    assert 'no TrackBook' in capsys.readouterr().out
    assert backend_of(runner).images == []
