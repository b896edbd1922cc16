"""What a user reads about a config that cannot be read or built.

mmengine reads configs and calls what they name; its own errors tell neither
the file nor what to do.
"""
import difflib
import inspect
import os
import re
import traceback
from typing import Any, Dict, List, Optional

from mmengine.config import Config, DictAction

UNKNOWN_ARGUMENT = re.compile(
    r"([\w.]+?)(?:\.__init__)?\(\) got an unexpected keyword argument '(\w+)'")
UNKNOWN_CLASS = re.compile(r'(\S+) is not in the (.+?) registry\. ')

OTHER_KEYS = ('model_wrapper_cfg', 'custom_imports', 'sync_bn',
              'find_unused_parameters', 'activation_checkpointing')
"""Keys that a runner reads besides its arguments."""

SIMILAR = 0.85
"""Like a key of the runner. No variable of the configs here and in mmdet 3.3
is."""


class SettingsAction(DictAction):
    """``KEY=VALUE ...`` of a command; what is no such pair is named."""

    def __call__(self, parser, namespace, values, option_string=None):
        for pair in values:
            if not re.match('[^=]+=', pair):
                parser.error(f'argument {option_string}: got "{pair}", '
                             'expected KEY=VALUE without blanks around "="')
        super().__call__(parser, namespace, values, option_string)


def read_file(file: str) -> Config:
    """Read a config file.

    Args:
        file (str): Its path.

    Returns:
        :obj:`Config`: The config.

    Raises:
        ValueError: If the file, or a base of it, cannot be read. Errors of
            what ``custom_imports`` names are raised as they are, unless it
            cannot be imported.
    """
    try:
        return Config.fromfile(file)
    except Exception as error:
        line = _describe(error, file)
        if line is None:
            raise
        raise ValueError(line) from error


def replace_settings(cfg: Config, options: Dict[str, Any]) -> None:
    """Merge what ``--cfg-options`` gives.

    Args:
        cfg (:obj:`Config`): Changed in place.
        options (dict): Values by their keys, with dots in them.

    Raises:
        ValueError: If a key leads through a number or beyond a list.
    """
    try:
        cfg.merge_from_dict(options)
    except (KeyError, TypeError, IndexError, AssertionError) as error:
        raise ValueError(f'--cfg-options: {error.args[0]}; correct the key, '
                         'print_config.py shows those there are') from error


def require_known_keys(cfg: Config, options: Dict[str, Any]) -> None:
    """Refuse a slip in a key that the runner would silently not read.

    Args:
        cfg (:obj:`Config`): With ``options``. A key that only holds the name
            of one, such as ``val_evaluator_full``, is a variable of the file.
        options (dict): What ``--cfg-options`` gives, which are no variables.

    Raises:
        ValueError: If a key is nearly one that the runner reads.
    """
    from mmengine.runner import Runner
    known = {*inspect.signature(Runner.__init__).parameters, *OTHER_KEYS}
    known -= {'self', 'cfg'}
    given = {option.split('.')[0] for option in options}
    for name in cfg:
        is_variable = name not in given and any(key in name for key in known)
        if name in known or is_variable:
            continue
        close = [key for key in known if sorted(key) == sorted(name)]
        close = close or difflib.get_close_matches(name, known, 1, SIMILAR)
        if close:
            raise ValueError(
                f'nothing reads the key "{name}" of the config; did you mean '
                f'"{close[0]}"? Give a variable of your own another name')


def message_of_setting(error: BaseException) -> Optional[str]:
    """The line for a class that a config names, or an argument that it gives,
    and that is not there.

    mmengine's registries call the class with what the config says; an
    argument that our own code invents is not in there, and stays a bug.

    Args:
        error (BaseException): Of any kind.

    Returns:
        str: Such as ``IPMOT does not take "micro_batch", ...``, or None.
    """
    if isinstance(error, TypeError):
        return _message_of_argument(error) or _message_of_optimizer(error)
    if isinstance(error, KeyError) and error.args:
        return _message_of_class(error)
    return None


def _message_of_argument(error: TypeError) -> Optional[str]:
    found = UNKNOWN_ARGUMENT.match(str(error))
    if found is None:
        return None
    variables = _variables_of_mmengine(error)
    name, key = found.groups()
    if not any(
            isinstance(value, dict) and key in value
            for value in variables.values()):
        return None
    kind = variables.get('obj_cls')
    if inspect.isclass(kind):  # its base may have raised
        name = kind.__name__
    close = difflib.get_close_matches(key, _arguments(kind), n=1)
    remedy = f'did you mean "{close[0]}"?' if close else (
        'correct or remove it. If a base config gives it, write _delete_=True '
        'beside type')
    return f'{name} does not take "{key}", which the config gives it; {remedy}'


def _message_of_class(error: KeyError) -> Optional[str]:
    text = str(error.args[0])
    if text.startswith('`cfg` or `default_args` must contain the key "type"'):
        return ('the config names no class, the key type is missing, in '
                f'{_variables_of_mmengine(error).get("cfg")}')
    found = UNKNOWN_CLASS.match(text)
    if found is None:
        return None
    return _suggest(*found.groups(),
                    _variables_of_mmengine(error).get('registry'))


def _message_of_optimizer(error: TypeError) -> Optional[str]:
    """mmengine asks None for its signature."""
    variables = _variables_of_mmengine(error)
    if variables.get('optimizer_cls', error) is not None:
        return None
    registry = variables['registry']
    return _suggest(variables['optimizer_cfg']['type'],
                    f'{registry.scope}::{registry.name}', registry)


def _suggest(name: str, place: str, registry: Any) -> str:
    close = _close_names(name, registry) if registry else []
    remedy = f'did you mean "{close[0]}"?' if close else (
        'correct the name, or name the module that registers it in '
        'custom_imports')
    return (f'the config names the class "{name}", which is not in the '
            f'registry {place}; {remedy}')


def _close_names(wanted: str, registry: Any) -> List[str]:
    """Names in a registry and those above and beside it, as a config writes
    them: its own and those above bare, others with their scope."""
    bare = [*registry.module_dict]
    while registry.parent is not None:
        registry = registry.parent
        bare += registry.module_dict
    names = {
        name: f'{scope}.{name}'
        for scope, child in registry.children.items()
        for name in child.module_dict
    }
    names.update({name: name for name in bare})
    close = difflib.get_close_matches(wanted.split('.')[-1], names, n=1)
    return [names[name] for name in close]


def _variables_of_mmengine(error: BaseException) -> Dict[str, Any]:
    """Local variables of its last call."""
    frames = [
        frame for frame, _ in traceback.walk_tb(error.__traceback__)
        if frame.f_globals.get('__name__', '').startswith('mmengine.')
    ]
    return frames[-1].f_locals if frames else {}


def _arguments(kind: Any) -> List[str]:
    """Names that a class takes, also those that it hands to its bases."""
    calls = [vars(base).get('__init__') for base in getattr(
        kind, '__mro__', ())]
    return [
        name for call in calls if inspect.isfunction(call)
        for name in inspect.signature(call).parameters if name != 'self'
    ]


def _describe(error: Exception, file: str) -> Optional[str]:
    """What is wrong with a config; None for an error of an imported module."""
    frames = list(traceback.walk_tb(error.__traceback__))
    if any(frame.f_code.co_name == 'import_modules_from_strings'
           for frame, _ in frames):
        return None
    files = [file] + [
        frame.f_locals['filename'] for frame, _ in frames
        if frame.f_code.co_name == '_file2dict'
    ]  # the last is the base that is read
    if isinstance(error, FileNotFoundError):
        return _describe_missing(error, files)
    file = files[-1]
    lines = [
        number for frame, number in frames if frame.f_code.co_filename == file
    ]
    if isinstance(error, SyntaxError):
        reason, lines = error.msg, [error.lineno]
    else:
        reason = _reason(error, frames[-1][0].f_code.co_name)
    place = f', line {lines[-1]}' if lines else ''
    return f'the config "{file}" cannot be read{place}: {reason}'


def _describe_missing(error: FileNotFoundError, files: List[str]) -> str:
    """Name the config whose base is not there."""
    if str(error.filename).endswith(os.path.join('.mim', 'model-index.yml')):
        return (f'"{error.filename}" is missing, so "::" in _base_ of '
                f'"{files[-1]}" finds nothing; install that package (a '
                'checkout: pip install -e .), PYTHONPATH is not enough')
    existing = [file for file in files if os.path.exists(file)]
    return (f'the config "{existing[-1] if existing else files[0]}" names a '
            f'base that does not exist ({error}); correct _base_')


def _reason(error: Exception, raised_in: str) -> str:
    text = str(error.args[0]) if error.args else ''
    if raised_in == 'fromfile' and isinstance(error, ImportError):
        # mmengine hides why behind two errors of its own
        hidden = getattr(error.__cause__, '__context__', None) or error
        place = traceback.extract_tb(hidden.__traceback__)[-1]
        inside = '' if place.filename.startswith('<frozen') else (
            f' ("{place.filename}", line {place.lineno})')
        return (f'custom_imports: {hidden}{inside}. Correct the name, or put '
                'the folder that holds the module into PYTHONPATH')
    if raised_in == '__missing__':
        return f'it takes {text!r} from its bases, which have no such key'
    if isinstance(error, AssertionError):
        return f'{text} Correct _base_; packages are ipmot_mm:: and mmdet::'
    if 'Duplicate key' in text:
        return f'{text}. Name only one of the bases that set them'
    return f'{type(error).__name__}: {text}'
