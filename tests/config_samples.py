"""What the rows of an ablation change, key by key."""
from mmengine.config import Config

from ipmot_mm.testing import config_root

ROOT = config_root()
NO_ALIGN = {
    'detector.bbox_head.joint_dims', 'clip_loss.triplet',
    'clip_loss.image_to_text', 'track_book'
}
NO_BALANCE = {'assigner.policy', 'dedup', 'clip_loss.dedup'}
FEED_FORWARD = 'layer_cfg.ffn_cfg.feedforward_channels'
PLAIN = {
    'detector.type', 'detector.decoder.type', 'updater.type',
    f'detector.encoder.{FEED_FORWARD}', f'detector.decoder.{FEED_FORWARD}'
}
# Of a row: another one, and what differs from it
CHANGED_KEYS = {
    'align': ('full', NO_BALANCE),
    'qbs': ('full', NO_ALIGN),
    'base': ('align', NO_ALIGN),
    'naive': ('base', PLAIN),
    'tri': ('align', {'clip_loss.image_to_text', 'track_book'}),
    'i2tce': ('align', {'clip_loss.triplet'}),
    'm2': ('align', {'track_book.num_context_tokens'}),
    'm6': ('align', {'track_book.num_context_tokens'}),
    'm8': ('align', {'track_book.num_context_tokens'}),
    'l1': ('align', {'clip_loss.align_layers'}),
    'l3': ('align', {'clip_loss.align_layers'}),
}


def load(leaf):
    return Config.fromfile(ROOT / leaf)


def changed_keys(old, new, prefix=''):
    """Keys, dotted, whose values differ between two configs."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return set() if old == new else {prefix.rstrip('.')}
    return set().union(
        *(changed_keys(old.get(key), new.get(key), f'{prefix}{key}.')
          for key in {*old, *new}))
