"""A Stable Diffusion of a few numbers that reads with our tiny CLIP."""
import torch
from diffusers import (AutoencoderKL, DDIMScheduler, StableDiffusionPipeline,
                       UNet2DConditionModel)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

LAYER_KEYS = {
    'ln_1': 'layer_norm1', 'ln_2': 'layer_norm2', 'mlp.c_fc': 'mlp.fc1',
    'mlp.c_proj': 'mlp.fc2', 'attn.out_proj': 'self_attn.out_proj'
}  # yapf: disable
"""Names in open_clip and in transformers."""


def make_text_tower(encoder) -> CLIPTextModel:
    """The layers of a ``CLIPTextEncoder`` as transformers computes them."""
    width = encoder.embed_dims
    tower = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(encoder.token_embedding.weight),
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=len(encoder.transformer.resblocks),
            num_attention_heads=2,
            max_position_embeddings=encoder.context_length,
            hidden_act='gelu',
            bos_token_id=49406,
            eos_token_id=49407))
    weights = {
        'embeddings.token_embedding.weight': encoder.token_embedding.weight,
        'embeddings.position_embedding.weight': encoder.positional_embedding,
    }
    for part in ('weight', 'bias'):
        weights[f'final_layer_norm.{part}'] = getattr(encoder.ln_final, part)
    for ind, block in enumerate(encoder.transformer.resblocks):
        layer = f'encoder.layers.{ind}.'
        for ours, theirs in LAYER_KEYS.items():
            for part in ('weight', 'bias'):
                weights[f'{layer}{theirs}.{part}'] = getattr(
                    block.get_submodule(ours), part)
        for part in ('weight', 'bias'):
            packed = getattr(block.attn, f'in_proj_{part}').chunk(3)
            for name, each in zip('qkv', packed):
                weights[f'{layer}self_attn.{name}_proj.{part}'] = each
    # before version 5 all stood below "text_model."
    prefix = next(iter(tower.state_dict())).partition('embeddings')[0]
    with torch.no_grad():
        result = tower.load_state_dict(
            {prefix + key: value.clone() for key, value in weights.items()},
            strict=False)
    assert not result.unexpected_keys
    assert all('position_ids' in key for key in result.missing_keys)
    return tower.eval()


def make_tokenizer(tokenizer) -> CLIPTokenizer:
    """The byte pair encoder of open_clip as transformers writes it."""
    vocab = dict(tokenizer.encoder)
    vocab['<|startoftext|>'] = vocab.pop('<start_of_text>')
    vocab['<|endoftext|>'] = vocab.pop('<end_of_text>')
    return CLIPTokenizer(
        vocab=vocab, merges=list(tokenizer.bpe_ranks), model_max_length=77)


def make_pipeline(encoder) -> StableDiffusionPipeline:
    """Random but for the text tower; draws 16 x 16 pixels."""
    torch.manual_seed(0)
    pipeline = StableDiffusionPipeline(
        text_encoder=make_text_tower(encoder),
        tokenizer=make_tokenizer(encoder.tokenizer),
        unet=UNet2DConditionModel(
            sample_size=8,
            block_out_channels=(8, 16),
            layers_per_block=1,
            norm_num_groups=4,
            down_block_types=('DownBlock2D', 'CrossAttnDownBlock2D'),
            up_block_types=('CrossAttnUpBlock2D', 'UpBlock2D'),
            cross_attention_dim=encoder.embed_dims,
            attention_head_dim=4),
        vae=AutoencoderKL(
            block_out_channels=(8, 8),
            norm_num_groups=4,
            down_block_types=('DownEncoderBlock2D', ) * 2,
            up_block_types=('UpDecoderBlock2D', ) * 2),
        scheduler=DDIMScheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
