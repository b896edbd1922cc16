"""Derive domains from texts such as ``uniform=0.5``."""
import json
import re
from typing import Any, Dict, Iterable, Optional, Union

from .domains import Domain, get_domain

# They name a domain; `base` is the domain that the dials start from.
NO_DIALS = ('', 'base', 'name', 'scenes')


def parse_dials(texts: Iterable[str]) -> Dict[str, Any]:
    """Read dials from a command line.

    Args:
        texts (Iterable[str]): Each ``KEY=VALUE``, the value as JSON. A bare
            word is a string, and a single value stands for both ends of a
            range.

    Returns:
        dict: Arguments of :func:`derive_domain`.

    Raises:
        ValueError: If a text has no ``=``, or a dial comes twice or is the
            name.

    >>> parse_dials(['uniform=0.5', 'occluders=[4, 6]', 'motion=dance'])
    {'uniform': 0.5, 'occluders': [4, 6], 'motion': 'dance'}
    """
    dials: Dict[str, Any] = {}
    for text in texts:
        key, sign, value = text.partition('=')
        if not sign or key in dials or key in NO_DIALS:
            raise ValueError(
                f'a dial must be KEY=VALUE with each key once and none of '
                f'{NO_DIALS}, got {text!r}; write for example uniform=0.5')
        try:
            dials[key] = json.loads(value)
        except ValueError:
            dials[key] = value
    return dials


def derive_domain(base: Union[str, Domain],
                  name: Optional[str] = None,
                  **dials: Any) -> Domain:
    """Turn dials of a domain and keep its scenes.

    Unlike two domains of different names, the derived one and its base draw
    from the same random streams: one seed gives the same scene but for what
    the dials change.

    Args:
        base (str | Domain): A key of :data:`DOMAINS`, or a domain.
        name (str, optional): Name of folders. Defaults to None, for the name
            of the base, the dials and their values.
        **dials: Fields of :class:`Domain` to replace. A list stands for a
            tuple, a single value for both ends of a range or for a choice
            of one.

    Returns:
        Domain: The domain.

    Raises:
        ValueError: If the name, a dial or a value is wrong.

    >>> derive_domain('street', uniform=0.5, occluders=[4, 6]).name
    'street-uniform-0.5-occluders-4-6'
    >>> derive_domain('street', num_persons=9).num_persons
    (9, 9)
    """
    base = get_domain(base)
    values = {key: _like(base, key, value) for key, value in dials.items()}
    parts = [base.name]
    parts += [f'{key}-{_as_name(value)}' for key, value in dials.items()]
    return get_domain(
        base,
        name='-'.join(parts) if name is None else name,
        scenes=base.scenes or base.name,
        **values)


def _like(base: Domain, key: str, value: Any) -> Any:
    """The value in the form that the dial has."""
    former = getattr(base, key, None)
    if not isinstance(former, tuple) or isinstance(value, tuple):
        return value
    if isinstance(value, list):
        return tuple(value)
    return (value, ) if isinstance(value, str) else (value, value)


def _as_name(value: Any) -> str:
    # A minus sign must remain: horizon=-0.1 is not horizon=0.1.
    words = value if isinstance(value, (list, tuple)) else [value]
    return '-'.join(re.sub(r'[^\w.+-]+', '_', str(word)) for word in words)
