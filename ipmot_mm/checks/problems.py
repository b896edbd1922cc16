"""What is wrong with a data set, collected instead of raised."""
from dataclasses import dataclass
from typing import Dict, Iterable, List

MAX_KEPT = 50
"""Messages kept of one kind in one video; the rest is only counted."""


@dataclass(frozen=True)
class Problem:
    """One finding.

    Attributes:
        kind (str): What sort of problem, such as ``'missing frames'``.
        place (str): The video.
        message (str): What was found, with file and line where there is one.
        is_error (bool): Whether it has to be corrected. An error stops the
            training or makes it learn something wrong; a warning is only
            suspicious.
    """
    kind: str
    place: str
    message: str
    is_error: bool


class ProblemLog:
    """Problems of one video, in the order of their discovery.

    Args:
        place (str): The video.

    Attributes:
        kept (list[:obj:`Problem`]): At most ``MAX_KEPT`` of a kind.
        counts (dict[str, int]): Number of problems of each kind.

    Example:
        >>> log = ProblemLog('MOT17-02')
        >>> log.warn('tiny boxes', '3 boxes are smaller than 3 pixels')
        >>> log.num_errors, log.num_warnings
        (0, 1)
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self.kept: List[Problem] = []
        self.counts: Dict[str, int] = {}
        self.num_errors = 0
        self.num_warnings = 0

    def error(self, kind: str, message: str) -> None:
        """Note something that has to be corrected."""
        self.num_errors += 1
        self._add(kind, message, True)

    def warn(self, kind: str, message: str) -> None:
        """Note something suspicious."""
        self.num_warnings += 1
        self._add(kind, message, False)

    def _add(self, kind: str, message: str, is_error: bool) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= MAX_KEPT:
            self.kept.append(Problem(kind, self.place, message, is_error))


@dataclass(frozen=True)
class ProblemGroup:
    """All problems of one kind.

    Attributes:
        kind (str): The kind.
        count (int): How many there are.
        is_error (bool): Whether any of them has to be corrected.
        problems (tuple[:obj:`Problem`]): Those that were kept.
    """
    kind: str
    count: int
    is_error: bool
    problems: tuple

    def lines(self, max_named: int) -> List[str]:
        """The first problems and how many more there are, a line each."""
        named = self.problems[:max_named]
        lines = [f'{problem.place}: {problem.message}' for problem in named]
        rest = self.count - len(named)
        return lines + ([f'... and {rest} more'] if rest > 0 else [])


def group_problems(logs: Iterable[ProblemLog]) -> List[ProblemGroup]:
    """Problems of several videos by kind, errors first.

    Args:
        logs (Iterable[:obj:`ProblemLog`]): One for each video.

    Returns:
        list[:obj:`ProblemGroup`]: In the order of their first problem.
    """
    counts: Dict[str, int] = {}
    kept: Dict[str, List[Problem]] = {}
    for log in logs:
        for kind, count in log.counts.items():
            counts[kind] = counts.get(kind, 0) + count
            kept.setdefault(kind, [])
        for problem in log.kept:
            kept[problem.kind].append(problem)
    groups = [
        ProblemGroup(kind, count, any(each.is_error for each in kept[kind]),
                     tuple(kept[kind])) for kind, count in counts.items()
    ]
    return sorted(groups, key=lambda group: not group.is_error)
