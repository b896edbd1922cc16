"""A box of one rank is NaN: all ranks skip the iteration, or all stop."""
import pytest
import torch
from rank_samples import Training, train_on_ranks

STEPS = (0, 1, 2, 4)
BAD = 15  # the last clip, that of rank 1, has objects


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    options = dict(is_double=False)
    return train_on_ranks(
        2,
        tmp_path_factory.mktemp('ranks'),
        healthy=Training(STEPS, **options),
        first=Training((BAD, *STEPS), poisoned=(0, ), **options),
        skipped=Training((0, 1, BAD, 2, 4), poisoned=(2, ), **options),
        constant=Training((0, 1, BAD, 2, 4),
                          poisoned=(2, ),
                          poison='constant',
                          **options),
        parts=Training((0, 1, BAD, 2, 4),
                       poisoned=(2, ),
                       micro_batch_size=1,
                       **options),
        apart=Training((BAD, BAD, 0, BAD, BAD, 1),
                       poisoned=(0, 1, 3, 4),
                       max_non_finite=3,
                       **options),
        stopped=Training((0, BAD, BAD, BAD, 1),
                         poisoned=(1, 2, 3),
                         max_non_finite=3,
                         **options))


def equal(first, second):
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(
            equal(first[key], second[key]) for key in first)
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    return first == second


@pytest.mark.parametrize('name', ['first', 'skipped', 'constant'])
def test_a_skipped_iteration_leaves_no_trace(runs, name):
    """Weights, rows and moments are those of a run that never saw it."""
    for result, expected in zip(runs[name], runs['healthy']):
        assert torch.equal(result['weights'][-1], expected['weights'][-1])
        assert torch.equal(result['rows'][-1], expected['rows'][-1])
        assert equal(result['state'], expected['state'])
        assert result['logs'][-1] == dict(expected['logs'][-1], num_skipped=1)


@pytest.mark.parametrize('name', ['skipped', 'constant', 'parts'])
def test_ranks_skip_together_and_go_on(runs, name):
    first, second = runs[name]
    for result in (first, second):
        assert torch.equal(result['weights'][2], result['weights'][1])
        assert torch.equal(result['rows'][2], result['rows'][1])
        assert not torch.equal(result['weights'][3], result['weights'][2])
        assert result['logs'][2] == dict(num_skipped=1)  # no NaN for the log
        assert result['error'] is None
    assert torch.equal(first['weights'][-1], second['weights'][-1])


def test_the_report_names_the_images_of_the_guilty_rank(runs):
    for name, num_images in (('skipped', 4), ('constant', 4), ('parts', 2)):
        for result in runs[name]:  # rank 0 writes the log
            report, = result['reports']
            assert report.startswith(
                'Iteration skipped, nothing was changed: the loss of the '
                'tracker is not finite')
            assert report.count('.jpg') == num_images
            assert 'clip300/000001.jpg, clip300/000002.jpg. 1 in' in report
            assert 'clip0/' not in report and 'clip100/' not in report


def test_all_ranks_stop_with_one_message(runs):
    first, second = runs['stopped']
    assert first['error'] == second['error']
    assert first['error'].startswith(
        'Training stopped: the loss of the tracker was not finite')
    for part in ('in 3 iterations in a row', '.jpg', 'optim_wrapper.tracker.',
                 '--resume', 'model.max_non_finite'):
        assert part in first['error']
    assert len(first['reports']) == 2
    # what was done before the last iteration was judged is taken back too
    for result in (first, second):
        assert torch.equal(result['rows'][2], result['rows'][0])


def test_a_good_iteration_starts_the_count_again(runs):
    for result in runs['apart']:
        assert result['error'] is None and len(result['reports']) == 4
        counts = [log.get('num_skipped') for log in result['logs']]
        assert counts == [1, 2, 2, 3, 4, 4]
