"""A small random model whose tracks are always seen, and what it sees."""
import torch
from mmengine.config import Config

from ipmot_mm.registry import MODELS
from ipmot_mm.testing import make_clip, tiny_model_cfg

NUM_TRACKS = 4


def make_tracker(num_layers=3, **changes):
    """Its strongest queries are born in the first frame and stay."""
    torch.manual_seed(0)
    cfg = tiny_model_cfg(num_layers=num_layers)
    cfg.tracker.update(
        track_score_thr=0.0,
        newborn_score_thr=0.0,
        output_score_thr=-1.0,
        min_area=0.0,
        max_tracks=NUM_TRACKS)
    cfg = Config(cfg)
    cfg.merge_from_dict(changes)
    model = MODELS.build(cfg.to_dict())
    model.init_weights()
    # random branches, or all queries would say the same
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def track(model, num_frames=3, num_videos=1, states=None):
    """Predicted tracks of each frame of each video."""
    data = model.data_preprocessor(
        make_clip(*[2] * num_videos, num_frames=num_frames), False)
    samples = model(**data, mode='predict', state=states)
    return [[frame.pred_track_instances for frame in sample.video_data_samples]
            for sample in samples]
