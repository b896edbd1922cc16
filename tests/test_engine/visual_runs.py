"""Runs that are watched through the visualizer."""
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.visualization import BaseVisBackend

from ipmot_mm.registry import VISBACKENDS
from ipmot_mm.testing import config_root, tiny_model_cfg
from ipmot_mm.testing.synthetic import write_tiny_mot

BASES = [
    'datasets/synthmot.py', 'schedules/schedule_8e_tiny.py',
    'default_runtime.py'
]


@VISBACKENDS.register_module(force=True)
class ListBackend(BaseVisBackend):
    """Keeps what it is given, as W&B or MLflow would send it off."""

    def __init__(self, **kwargs):
        super().__init__(kwargs.get('save_dir', ''))
        self.images, self.scalars = [], []

    @property
    def experiment(self):
        return self

    def _init_env(self):
        pass

    def add_config(self, config, **kwargs):
        pass

    def add_graph(self, model, data_batch, **kwargs):
        pass

    def add_image(self, name, image, step=0, **kwargs):
        self.images.append((name, image, step))

    def add_scalar(self, name, value, step=0, **kwargs):
        self.scalars.append((name, float(value), step))

    def add_scalars(self, scalar_dict, step=0, file_path=None, **kwargs):
        for name, value in scalar_dict.items():
            self.add_scalar(name, value, step)


class QuickConfig(Config):
    """Written without yapf, which takes longer than these runs."""
    pretty_text = property(lambda self: f'text = {str(self.to_dict())!r}')


def make_runner(folder, name, hooks=(), backends=None, epochs=2, **options):
    """A tiny model on two tiny videos that reports every query as a track."""
    data = folder / 'data'
    if not data.is_dir():
        write_tiny_mot(data, num_frames=4)
    file = folder / 'config.py'
    bases = [(config_root() / '_base_' / base).as_posix() for base in BASES]
    file.write_text(f'_base_ = {bases}')
    cfg = Config.fromfile(file)
    load, pack = dict(type='LoadClipImages'), dict(type='PackClipInputs')
    small = dict(type='ClipResize', short_size=48, max_long=96)
    loading = dict(num_workers=0, persistent_workers=False,
                   dataset=dict(data_root=str(data)))
    model = tiny_model_cfg(num_layers=3, with_track_book=True)
    model.tracker.update(track_score_thr=0.0, newborn_score_thr=0.0,
                         output_score_thr=-1.0, min_area=0.0, max_tracks=6)
    cfg.model = model
    cfg.merge_from_dict(dict(
        work_dir=str(folder / name),
        experiment_name=f'{folder.name}_{name}',
        train_cfg=dict(max_epochs=epochs, val_interval=1),
        train_dataloader=dict(loading, batch_size=1),
        val_dataloader=loading, test_dataloader=loading,
        log_processor=dict(window_size=1), randomness=dict(seed=0),
        visualizer=dict(name=f'{folder.name}_{name}',
                        vis_backends=backends or [dict(type='ListBackend')]),
        default_hooks=dict(logger=dict(interval=1))))
    cfg.merge_from_dict(options)
    for name in ('train', 'val', 'test'):
        cfg[f'{name}_dataloader'].dataset.pipeline = [load, small, pack]
    for place, hook in enumerate(hooks):
        cfg.default_hooks[f'plot{place}'] = hook
    cfg.custom_hooks = []
    cfg.load_from = None
    runner = Runner.from_cfg(QuickConfig(cfg.to_dict()))
    runner.model.init_weights()  # a test alone would not
    return runner


def backend_of(runner):
    """Its :class:`ListBackend`."""
    return runner.visualizer.get_backend('ListBackend')
