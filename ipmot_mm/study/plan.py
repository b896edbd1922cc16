"""Which trainings and tests a study needs, each of them once."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from mmengine.config import Config

from ipmot_mm.user_errors import CommandError

from .definition import Row, Study
from .fingerprint import fingerprint, test_settings, training_settings

RUNS = 'runs'


@dataclass
class Run:
    """A training with its tests, or tests of another run's weights.

    Attributes:
        name (str): The first row that wanted it.
        key (str): Fingerprint of what decides its weights.
        seed (int): Of the training.
        folder (Path): For all that it writes.
        cfg (dict): Config with the options of the row.
        tests (dict[str, dict]): Config of each test by its key; that of the
            row which wants it, as rows of one training may test differently.
        test_names (dict[str, str]): What the study calls each test.
        source (:obj:`Run`, optional): Whose weights are tested; None where it
            trains or has a checkpoint.
        checkpoint (str, optional): File whose weights are tested.
    """
    name: str
    key: str
    seed: int
    folder: Path
    cfg: Dict[str, Any]
    tests: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    test_names: Dict[str, str] = field(default_factory=dict)
    source: Optional['Run'] = None
    checkpoint: Optional[str] = None

    @property
    def trains(self) -> bool:
        """bool: Whether it has weights of its own."""
        return self.source is None and self.checkpoint is None

    @property
    def label(self) -> str:
        """str: For a line about it."""
        return f'{self.name} seed {self.seed}'


@dataclass
class Plan:
    """All runs of a study.

    Attributes:
        runs (list[:obj:`Run`]): In the order in which they are to start.
        cells (dict[tuple, tuple]): For row and seed the run, and the key of
            each test by its name.
    """
    runs: List[Run]
    cells: Dict[Tuple[str, int], Tuple[Run, Dict[str, str]]]


def make_plan(study: Study,
              root: Path,
              rows: Optional[Sequence[str]] = None,
              seeds: Optional[Sequence[int]] = None) -> Plan:
    """Plan a study: all rows of the first seed before any of the second.

    Args:
        study (:obj:`Study`): The study.
        root (Path): Folder of all studies.
        rows (sequence[str], optional): Only these, and those whose weights
            they test. Defaults to None, for all.
        seeds (sequence[int], optional): Only these. Defaults to None.

    Returns:
        :obj:`Plan`: The runs.

    Raises:
        CommandError: If there is no such row or seed.
    """
    chosen = _choose_rows(study, rows)
    planner = _Planner(study, Path(root))
    for seed in _order_seeds(study, seeds):
        for row in chosen:
            if seed in row.seeds:
                planner.add(row, seed)
    return Plan(planner.order(), planner.cells)


def resolve(study: Study, row: Row) -> Config:
    """Config of a row: options of the study, of the scale, of the row.

    Args:
        study (:obj:`Study`): The study.
        row (:obj:`Row`): The row.

    Returns:
        :obj:`Config`: With all options applied.
    """
    cfg = Config.fromfile(row.config)
    cfg.merge_from_dict(dict(study.options))
    cfg.merge_from_dict(dict(row.options))
    return cfg


_Resolved = Tuple[Config, str, Dict[str, Tuple[str, Dict[str, Any]]]]


class _Planner:
    """Collects runs; the same one is found again."""

    def __init__(self, study: Study, root: Path) -> None:
        self.study, self.root = study, root
        self.runs: Dict[Tuple[str, int], Run] = {}
        self.cells: Dict[Tuple[str, int], Tuple[Run, Dict[str, str]]] = {}
        self._resolved: Dict[str, _Resolved] = {}

    def add(self, row: Row, seed: int) -> Run:
        """Note the run of a row and a seed with its tests."""
        if (row.name, seed) in self.cells:
            return self.cells[row.name, seed][0]
        source = None
        if row.checkpoint_of is not None:
            source = self.add(self.study.rows[row.checkpoint_of], seed)
        cfg, key, tests = self._resolve(row, source)
        run = self.runs.get((key, seed))
        if run is None:
            run = Run(row.name, key, seed,
                      _find_folder(self.root / RUNS, row.name, key, seed),
                      cfg.to_dict(), source=source, checkpoint=row.checkpoint)
            self.runs[key, seed] = run
        for name, (test, tested) in tests.items():
            run.tests[test] = tested
            run.test_names[test] = name
        self.cells[row.name, seed] = run, {
            name: test for name, (test, _) in tests.items()
        }
        return run

    def order(self) -> List[Run]:
        """All runs, each after the one whose weights it tests."""
        return list(self.runs.values())

    def _resolve(self, row: Row, source: Optional[Run]) -> _Resolved:
        """The config of a row, its key, and key and config of each test."""
        if row.name in self._resolved:
            return self._resolved[row.name]
        cfg = resolve(self.study, row)
        if source is not None:
            key = fingerprint([source.key, cfg.model.to_dict()])
        elif row.checkpoint is not None:
            key = fingerprint([row.checkpoint, cfg.model.to_dict()])
        else:
            key = fingerprint(training_settings(cfg.to_dict()))
        tests = {}
        for name, options in self.study.tests.items():
            tested = Config(cfg.to_dict())
            tested.merge_from_dict(dict(options))
            settings = test_settings(tested.to_dict())
            if options.keys() - {'test_dataloader.dataset.data_root'}:
                # a test may also change the model
                settings['options'] = options
            tests[name] = fingerprint(settings), tested.to_dict()
        self._resolved[row.name] = cfg, key, tests
        return self._resolved[row.name]


def _choose_rows(study: Study, names: Optional[Sequence[str]]) -> List[Row]:
    unknown = [name for name in names or () if name not in study.rows]
    if unknown:
        raise CommandError(f'--rows: got {", ".join(unknown)}; expected some '
                           f'of {", ".join(study.rows)}')
    rows = study.rows.values()
    return [row for row in rows if names is None or row.name in names]


def _order_seeds(study: Study, seeds: Optional[Sequence[int]]) -> List[int]:
    known = sorted({seed for row in study.rows.values() for seed in row.seeds})
    unknown = [seed for seed in seeds or () if seed not in known]
    if unknown:
        raise CommandError(f'--seeds: got {", ".join(map(str, unknown))}; '
                           f'expected some of {", ".join(map(str, known))}')
    return [seed for seed in known if seeds is None or seed in seeds]


def _find_folder(root: Path, name: str, key: str, seed: int) -> Path:
    """The folder that a row of another name may have begun."""
    found = sorted(root.glob(f'*-{key}-seed{seed}'))
    return found[0] if found else root / f'{name}-{key}-seed{seed}'
