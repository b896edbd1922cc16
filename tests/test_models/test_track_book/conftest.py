"""A small CLIP in the kind of file that OpenAI publishes."""
import pytest
import torch
from torch import nn

from ipmot_mm.models.track_book.clip_encoders import load_random_clip
from ipmot_mm.testing.tiny_clip import tiny_clip_cfg


class Node(nn.Module):
    """A module of an archive, which has code."""

    def forward(self, x):
        return x


@pytest.fixture(scope='module')
def torch_script_clip(tmp_path_factory):
    """Path of a TorchScript archive in float16, and its weights."""
    cfg = tiny_clip_cfg()
    cfg['vision_cfg']['image_size'] = 32
    weights = load_random_clip(cfg, seed=3).state_dict()
    weights = {key: value.half() for key, value in weights.items()}
    root = Node()
    for key, value in weights.items():
        node, (*parts, leaf) = root, key.split('.')
        for part in parts:
            if not hasattr(node, part):
                node.add_module(part, Node())
            node = getattr(node, part)
        node.register_parameter(leaf, nn.Parameter(value))
    for name in ('input_resolution', 'context_length', 'vocab_size'):
        root.register_buffer(name, torch.tensor(32))
    path = str(tmp_path_factory.mktemp('archive') / 'ViT-T-16.pt')
    torch.jit.script(root).save(path)
    return path, weights
