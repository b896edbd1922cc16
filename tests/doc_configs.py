"""Whether configs, and options for them, name things that there are."""
import inspect
from functools import lru_cache

from mmengine import registry as roots
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import Registry
from torch.utils.data import DataLoader

from ipmot_mm import registry as ours
from ipmot_mm.registry import MODELS
from ipmot_mm.testing import config_root, tiny_clip_cfg, tiny_model_cfg

REGISTRIES = {
    id(each): each
    for module in (ours, roots) for each in vars(module).values()
    if isinstance(each, Registry)
}.values()
# Read by whoever builds the part, not by the part.
BUILDERS_KEYS = {
    'type', '_scope_', 'init_cfg', 'constructor', 'optimizer',
    'paramwise_cfg', 'convert_to_iter_based', 'by_epoch', 'requires_grad'
}
LOADER_KEYS = {
    *inspect.signature(DataLoader).parameters, 'num_batch_per_epoch'
}
# Keys of a config that need not be in it, and may be given in a command.
RUNNER_KEYS = {'load_from', 'resume', 'log_level', 'randomness', 'study'}


def find_class(name, scope='ipmot_mm'):
    """What a ``type`` stands for, None where nothing does."""
    if not isinstance(name, str):
        return name
    names = [name] if scope == 'ipmot_mm' else [f'{scope}.{name}', name]
    found = (registry.get(each) for each in names for registry in REGISTRIES)
    return next((each for each in found if each is not None), None)


@lru_cache(maxsize=None)
def arguments(target):
    """Names of what can be given to it, None for anything."""
    names, owners = set(), [target]
    if inspect.isclass(target):
        owners = [each.__init__ for each in target.__mro__
                  if '__init__' in vars(each)]
    for owner in owners:
        parameters = inspect.signature(owner).parameters.values()
        names |= {each.name for each in parameters}
        kinds = {each.kind for each in parameters}
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            return frozenset(names)
    return None


def takes(node, key, scope='ipmot_mm'):
    """Whether the part that a dict describes has such an argument."""
    target = find_class(node['type'], scope)
    known = frozenset() if target is None else arguments(target)
    return known is None or key in known | BUILDERS_KEYS


def nodes(cfg, scope, path=''):
    """All dicts inside of a config, with their keys and scopes; that of a
    base from another package is in its dicts."""
    if isinstance(cfg, dict):
        scope = cfg.get('_scope_', scope)
        yield path, cfg, scope
        for key, value in cfg.items():
            yield from nodes(value, scope, f'{path}.{key}')
    elif isinstance(cfg, (list, tuple)):
        for i, value in enumerate(cfg):
            yield from nodes(value, scope, f'{path}.{i}')


def find_slips(cfg):
    """Types that there are not, and arguments that they do not take."""
    slips = {
        f'{name}: there is no key {key!r}'
        for name in cfg if name.endswith('_dataloader')
        for key in cfg[name] or () if key not in LOADER_KEYS
    }
    default = cfg.get('default_scope', 'ipmot_mm')
    for path, node, scope in nodes(cfg._cfg_dict, default):
        name = node.get('type')
        if name is None or path.startswith('.study'):
            continue
        if find_class(name, scope) is None:
            if scope != 'ipmot_mm':  # mmdet finds some by their name alone
                continue
            slips.add(f'{path[1:]}: there is no type {name!r}')
            continue
        slips |= {
            f'{path[1:]}: {name} takes no {key!r}'
            for key in node if not takes(node, key, scope)
        }
    return slips


def check_config(path):
    """Problems of a config: slips, or a model that cannot be built."""
    cfg = Config.fromfile(path)
    problems = sorted(find_slips(cfg) - shipped_slips())
    if problems or cfg.get('model', {}).get('type') != 'IPMOT':
        return problems
    model = MODELS.build(shrink(cfg.model))
    if 'optim_wrapper' in path.read_text():
        build_optim_wrapper(model, cfg.optim_wrapper)
    return []


@lru_cache(maxsize=None)
def shipped_slips():
    """What looks like a slip to this test, and is none."""
    return frozenset().union(*(
        find_slips(Config.fromfile(path))
        for path in (config_root() / 'ipmot').glob('ipmot_*.py')))


def shrink(model):
    """The model of a config with small numbers, as far as it lets one.

    A config that brings parts of its own is left as it is, except for CLIP.
    """
    has_book = model.get('track_book') is not None
    decoder = model.detector.decoder
    # on a small backbone it is small enough
    if model.detector.backbone.get('depth', 50) == 50 and takes_all(model):
        return tiny_model_cfg(
            model,
            num_layers=decoder.num_layers,
            num_detect_only_layers=decoder.num_detect_only_layers,
            with_track_book=has_book)
    if has_book:
        model.track_book.clip = dict(
            pretrained=None, model_cfg=tiny_clip_cfg())
    return model


def takes_all(model):
    """Whether ``tiny_model_cfg`` can change what it changes."""
    return (takes(model.updater, 'num_heads')
            and model.detector.type in ('DABDeformableDetector',
                                        'DeformableDetector'))


def check_options(config, options):
    """Problems of ``--cfg-options``.

    Args:
        config (Path): To which they are given.
        options (dict): Dotted keys and values.
    """
    cfg = Config.fromfile(config)
    return [
        problem for key in options
        if (problem := _check_key(cfg, key)) is not None
    ]


def _check_key(cfg, key):
    node = cfg._cfg_dict
    if key.split('.')[0] in RUNNER_KEYS:
        return None
    for part in key.split('.'):
        if isinstance(node, (list, tuple)):
            if not part.isdigit() or int(part) >= len(node):
                return f'option {key}: no {part!r} in a list of {len(node)}'
            node = node[int(part)]
        elif isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, dict) and 'type' in node and takes(node, part):
            return None
        else:
            return f'option {key}: there is no {part!r}'
    return None
