"""What a case of a fault is, and what comes of it."""
from dataclasses import dataclass
from typing import Callable, Dict

from .bench import Bench
from .commands import Unexpected


@dataclass(frozen=True)
class Outcome:
    """How a training came through a fault.

    Args:
        kind (str): ``'recovered'`` or ``'reported'``.
        line (str): What the user reads, empty where there is nothing to say.
        lost (str): Work or data that is gone.
    """
    kind: str
    line: str
    lost: str


@dataclass(frozen=True)
class Fault:
    """A fault that can be done to a training.

    Args:
        name (str): For the command line.
        deed (str): What is done.
        try_on (Callable): Does it to a :class:`Bench`, checks all there is
            to check and returns the :class:`Outcome`.
        slow (bool): Takes longer than a test should.
    """
    name: str
    deed: str
    try_on: Callable[[Bench], Outcome]
    slow: bool


FAULTS: Dict[str, Fault] = {}
"""All faults, in the order of the table."""


def fault(deed: str, *, slow: bool = False) -> Callable:
    """Enter a function into :data:`FAULTS`.

    Args:
        deed (str): What is done.
        slow (bool): See :class:`Fault`.
    """

    def enter(function: Callable) -> Callable:
        name = function.__name__
        FAULTS[name] = Fault(name, deed, function, slow)
        return function

    return enter


def require(claim: bool, message: str) -> None:
    """Raise :class:`Unexpected` unless the claim holds."""
    if not claim:
        raise Unexpected(message)


def repeated(count: int) -> str:
    """Words for a number of iterations that were done again."""
    if count == 0:
        return 'nothing'
    return f'nothing ({count} iteration{"s" * (count > 1)} repeated)'
