"""A model that needs no training: it finds the brightest pixel."""
import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.structures import InstanceData

from ipmot_mm.registry import MODELS


class BrightSpotTracker(BaseModel):
    """Boxes the brightest pixel; the id counts the videos seen."""

    def __init__(self, *, width: int = 2) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(width, 3)
        self.num_videos = 0

    def forward(self, inputs, data_samples, mode='tensor', state=None):
        assert mode == 'predict' and not self.training
        frame = data_samples[0].video_data_samples[0]
        image = inputs[0]
        assert image.dtype == torch.uint8 and image.shape[:2] == (1, 3)
        assert tuple(image.shape[2:]) == tuple(frame.img_shape)
        self.num_videos += frame.frame_id == 0
        spot = int(image[0].sum(0).argmax())
        y, x = divmod(spot, image.shape[3])
        scale = torch.tensor(frame.scale_factor * 2)
        frame.pred_track_instances = InstanceData(
            bboxes=torch.tensor([[x, y, x + 1.0, y + 1.0]]) / scale,
            scores=torch.tensor([0.9]),
            labels=torch.tensor([0]),
            instances_id=torch.tensor([self.num_videos]))
        return data_samples


@pytest.fixture(scope='session', autouse=True)
def bright_spot_tracker():
    MODELS.register_module(module=BrightSpotTracker)
    yield
    MODELS.module_dict.pop('BrightSpotTracker')


@pytest.fixture
def cfg() -> Config:
    pipeline = [
        dict(type='LoadClipImages'),
        dict(type='ClipResize', short_size=32, max_long=80),
        dict(type='PackClipInputs')
    ]
    return Config(
        dict(
            default_scope='ipmot_mm',
            model=dict(type='BrightSpotTracker'),
            test_dataloader=dict(
                dataset=dict(
                    type='MOTClipDataset', pipeline=pipeline))))
