"""The test loop gives the same result files for samples of any length."""
import pytest
from frame_samples import build
from mmengine.runner import Runner

from ipmot_mm.evaluation import TrackEvalMetric
from ipmot_mm.registry import HOOKS
from ipmot_mm.testing.synthetic import write_tiny_mot


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    """Two videos of seven frames."""
    return write_tiny_mot(tmp_path_factory.mktemp('data'), num_frames=7)


def read_rows(folder):
    """Rows of the result files, rounded, by the name of the file."""
    return {
        path.name: [[round(float(value), 1) for value in line.split(',')]
                    for line in path.read_text().splitlines()]
        for path in sorted(folder.rglob('Tiny-*.txt'))
    }


def run(data_root, folder, num_frames):
    """What the test loop does, without its logging."""
    model = build('QueryUpdater')
    loader = Runner.build_dataloader(
        dict(
            batch_size=1,
            num_workers=0,
            sampler=dict(type='VideoSampler', num_frames=num_frames),
            dataset=dict(
                type='MOTClipDataset',
                data_root=str(data_root),
                dataset_name='tiny',
                test_mode=True,
                pipeline=[
                    dict(type='LoadClipImages'),
                    dict(type='PackClipInputs')
                ])),
        seed=0)
    metric = TrackEvalMetric(
        benchmark='custom', outfile_prefix=str(folder / 'tracks'))
    metric.dataset_meta = loader.dataset.metainfo
    hook = HOOKS.build(
        dict(type='TrackVideoHook', enable=True,
             out_dir=str(folder / 'videos')))
    for batch in loader:
        outputs = model.test_step(batch)
        metric.process(batch, [sample.to_dict() for sample in outputs])
        hook.after_test_iter(None, 0, batch, outputs)
    hook.after_test_epoch(None)
    return len(loader), read_rows(folder), len(
        list((folder / 'videos').iterdir()))


def test_samples_of_several_frames(data_root, tmp_path):
    steps, expected, num_videos = run(data_root, tmp_path / '1', 1)
    assert steps == 14 and num_videos == 2
    assert set(expected) == {'Tiny-01.txt', 'Tiny-02.txt'}
    for rows in expected.values():
        assert {row[0] for row in rows} == set(range(1, 8))
        assert min(row[1] for row in rows) == 1  # each video has its own ids
    for num_frames, steps in ((3, 6), (50, 2)):
        folder = tmp_path / str(num_frames)
        assert run(data_root, folder, num_frames) == (steps, expected, 2)
