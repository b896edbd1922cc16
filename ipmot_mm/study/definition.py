"""What a study compares: a file of ``configs/studies``, read and checked."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from mmengine.config import Config

from ipmot_mm.user_errors import CommandError

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = Path('configs') / 'studies'
DATA_ROOT = 'test_dataloader.dataset.data_root'
DEFAULT_SCALE = 'cpu'
Options = Dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name (str): Its key in the study.
        title (str): How the table calls it. Defaults to the name.
        config (Path): Config of the training and of the tests.
        options (dict): Settings that replace those of the config, by dotted
            key.
        seeds (tuple[int]): Of its trainings.
        paper (dict[str, float]): Scores that the paper reports, in percent.
        against (str, optional): Row that it is compared with; None for none.
        checkpoint_of (str, optional): Row whose weights it tests, of the same
            seed, instead of training.
        checkpoint (str, optional): File that it tests instead of training.
    """
    name: str
    title: str
    config: Path
    options: Options = field(default_factory=dict)
    seeds: Tuple[int, ...] = (0, )
    paper: Dict[str, float] = field(default_factory=dict)
    against: Optional[str] = None
    checkpoint_of: Optional[str] = None
    checkpoint: Optional[str] = None


@dataclass(frozen=True)
class Prerequisite:
    """A file that must be there before any run.

    Attributes:
        name (str): Its key in the study.
        command (str): Makes it, for a shell in the root of the repository.
        creates (str): The file.
    """
    name: str
    command: str
    creates: str

    def is_missing(self) -> bool:
        """bool: Whether the file is not there yet."""
        return not Path(self.creates).exists()


@dataclass(frozen=True)
class Study:
    """Rows, seeds and tests.

    Attributes:
        name (str): Of the file, without its suffix.
        title (str): Heading of the tables.
        scale (str, optional): Key of ``scales`` that was chosen.
        options (dict): Settings for all rows, by dotted key.
        rows (dict[str, :obj:`Row`]): In the order of the table.
        tests (dict[str, dict]): Settings of each test, by dotted key.
        same_domain (tuple[str]): Tests in the domain of the training.
        cross_domain (tuple[str]): Tests in other domains.
        reference (str, optional): Row that the others are compared with.
        prerequisites (tuple[:obj:`Prerequisite`]): To be made in this order.
    """
    name: str
    title: str
    scale: Optional[str]
    options: Options
    rows: Dict[str, Row]
    tests: Dict[str, Options]
    same_domain: Tuple[str, ...]
    cross_domain: Tuple[str, ...]
    reference: Optional[str]
    prerequisites: Tuple[Prerequisite, ...]


def find_study(name: str) -> Path:
    """The file of a study.

    Args:
        name (str): Its name, or the path of the file.

    Returns:
        Path: The file.

    Raises:
        CommandError: If there is none.
    """
    places = [Path(name)]
    if not name.endswith('.py'):
        places = [
            root / FOLDER / f'{name}.py' for root in (Path(), REPOSITORY)
        ]
    for place in places:
        if place.is_file():
            return place
    known = sorted(path.stem for path in (REPOSITORY / FOLDER).glob('*.py'))
    raise CommandError(f'study not found: {name}; expected the path of a file '
                       f'or one of {", ".join(known) or "(none)"}')


def read_study(name: str, scale: Optional[str] = None) -> Study:
    """Read a study.

    Args:
        name (str): See :func:`find_study`.
        scale (str, optional): Key of ``scales``. Defaults to None, for
            ``'cpu'`` where the study has it.

    Returns:
        :obj:`Study`: The study.

    Raises:
        CommandError: If it cannot be run as it is written.
    """
    path = find_study(name)
    # that of a project is projects/PROJECT/study.py
    name = path.stem if path.stem != 'study' else path.resolve().parent.name
    cfg = Config.fromfile(path)._cfg_dict.to_dict()
    for key in ('rows', 'tests'):
        if not cfg.get(key):
            raise CommandError(f'{path}: {key} is missing or empty; expected '
                               f'{key} = dict(name=...)')
    scale, scale_options = _choose_scale(path, cfg.get('scales', {}), scale)
    tests = {
        key: value if isinstance(value, dict) else {DATA_ROOT: value}
        for key, value in cfg['tests'].items()
    }
    same = tuple(cfg.get('same_domain', ()))
    cross = tuple(
        cfg.get('cross_domain', [key for key in tests if key not in same]))
    _expect_known(path, 'same_domain and cross_domain', (*same, *cross), tests)
    reference = cfg.get('reference')
    rows = {
        key: _read_row(path, cfg, key, value)
        for key, value in cfg['rows'].items()
    }
    named = [row.against for row in rows.values()]
    named += [row.checkpoint_of for row in rows.values()]
    _expect_known(path, 'reference, against and checkpoint_of',
                  [reference, *named], rows)
    _expect_trained(path, rows)
    return Study(
        name=name,
        title=cfg.get('title', name),
        scale=scale,
        options={**cfg.get('options', {}), **scale_options},
        rows=rows,
        tests=tests,
        same_domain=same,
        cross_domain=cross,
        reference=reference,
        prerequisites=tuple(
            _read_prerequisite(path, key, value)
            for key, value in cfg.get('prerequisites', {}).items()))


def _choose_scale(path: Path, scales: Dict[str, Options],
                  scale: Optional[str]) -> Tuple[Optional[str], Options]:
    if scale is None:
        scale = DEFAULT_SCALE if DEFAULT_SCALE in scales else None
    if scale is None:
        return None, {}
    _expect_known(path, '--scale', [scale], scales)
    return scale, scales[scale]


def _read_row(path: Path, cfg: Dict[str, Any], name: str,
              value: Dict[str, Any]) -> Row:
    known = ('title', 'config', 'options', 'seeds', 'paper', 'against',
             'checkpoint_of', 'checkpoint')
    _expect_known(path, f'rows.{name}', value, known)
    config = value.get('config', cfg.get('base'))
    if config is None:
        raise CommandError(f'{path}: rows.{name} has no config; add it, or '
                           'base for all rows')
    seeds = value.get('seeds', cfg.get('seeds', [0]))
    if value.get('checkpoint') is not None:
        seeds = value.get('seeds', [0])
    if not isinstance(seeds, (list, tuple)):
        raise CommandError(f'{path}: seeds of rows.{name}: got {seeds!r}; '
                           'expected a list, such as [0, 1, 2]')
    if value.get('against') is None:
        value['against'] = cfg.get('reference')
    if value['against'] == name:
        value['against'] = None
    return Row(
        name=name,
        title=value.get('title', name),
        config=_find_config(path, name, config),
        options=value.get('options', {}),
        seeds=tuple(seeds),
        paper=value.get('paper', {}),
        against=value['against'],
        checkpoint_of=value.get('checkpoint_of'),
        checkpoint=value.get('checkpoint'))


def _read_prerequisite(path: Path, name: str,
                       value: Dict[str, str]) -> Prerequisite:
    if set(value) != {'command', 'creates'}:
        raise CommandError(f'{path}: prerequisites.{name}: got '
                           f'{", ".join(value)}; expected command, creates')
    return Prerequisite(name, **value)


def _find_config(path: Path, name: str, config: str) -> Path:
    for folder in (path.parent, Path(), REPOSITORY):
        if (folder / config).is_file():
            return folder / config
    raise CommandError(
        f'{path}: the config of rows.{name} is not there: {config}; expected '
        'a path from the study or from the root of the repository')


def _expect_known(path: Path, what: str, names: Sequence[Optional[str]],
                  known: Union[Sequence[str], Dict[str, Any]]) -> None:
    unknown: List[str] = [
        name for name in dict.fromkeys(names)
        if name is not None and name not in known
    ]
    if unknown:
        raise CommandError(f'{path}: {what}: got {", ".join(unknown)}; '
                           f'expected some of {", ".join(known) or "(none)"}')


def _expect_trained(path: Path, rows: Dict[str, Row]) -> None:
    """A row takes the weights of a row that trains, with the same seeds."""
    for row in rows.values():
        if row.checkpoint_of is None:
            continue
        source = rows[row.checkpoint_of]
        if source.checkpoint_of or source.checkpoint:
            raise CommandError(
                f'{path}: rows.{row.name}.checkpoint_of: {source.name} is not '
                'trained; expected the name of a row that is')
        if not set(row.seeds) <= set(source.seeds):
            raise CommandError(
                f'{path}: rows.{row.name} has seeds {list(row.seeds)}, but '
                f'those of {source.name}, whose checkpoints it tests, are '
                f'{list(source.seeds)}; leave out the others')
