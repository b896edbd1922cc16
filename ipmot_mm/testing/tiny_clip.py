"""A CLIP that fits a test: open_clip's classes, random weights."""
from typing import Any, Dict


def tiny_clip_cfg() -> Dict[str, Any]:
    """Model config of a CLIP with two thin layers per tower.

    Tokenizer, context length and layout are those of the real CLIP, so that
    prompts have their real positions. Crops are 64 pixels high and 32 wide,
    the joint space has 64 dims.

    Returns:
        dict: For ``TrackBookHead(clip=dict(model_cfg=...))``; a new one at
        every call.
    """
    return dict(
        embed_dim=64,
        vision_cfg=dict(
            image_size=(64, 32),
            patch_size=8,
            width=64,
            head_width=32,
            layers=2),
        text_cfg=dict(
            context_length=77, vocab_size=49408, width=64, heads=2, layers=2))
