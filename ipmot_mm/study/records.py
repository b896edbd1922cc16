"""What a run leaves behind: its result, or why there is none."""
import json
import math
from pathlib import Path
from typing import Any, Dict, List, Optional

from ipmot_mm.atomic_files import discard, write_atomically

from .plan import Run

RESULT = 'result.json'
FAILURE = 'failure.json'
WEIGHTS = 'weights.pth'
LOG = 'run.log'


def read_result(run: Run) -> Dict[str, Any]:
    """What is known of a run.

    Args:
        run (:obj:`Run`): The run.

    Returns:
        dict: ``training`` (dict, or None where it is not over), and ``tests``
        (dict by key). A file that is of no use counts as none.
    """
    result = _read(run.folder / RESULT) or {}
    if result.get('key') != run.key or result.get('seed') != run.seed:
        return dict(training=None, tests={})
    return result


def write_result(run: Run, training: Optional[Dict[str, Any]],
                 tests: Dict[str, Any]) -> None:
    """Write ``result.json`` of a run in one step.

    Args:
        run (:obj:`Run`): The run.
        training (dict, optional): About the training, None for none.
        tests (dict): Outcome of each test by its key.
    """
    content = dict(
        row=run.name,
        key=run.key,
        seed=run.seed,
        training=training,
        tests=tests)
    write_atomically(run.folder / RESULT,
                     json.dumps(finite(content), indent=1))


def weights_of(run: Run) -> Path:
    """Path: The weights that a run tests."""
    if run.checkpoint is not None:
        return Path(run.checkpoint)
    return (run.source or run).folder / WEIGHTS


def is_trained(run: Run) -> bool:
    """bool: Whether the weights that a run tests are there."""
    owner = run.source or run
    if run.checkpoint is None and not read_result(owner).get('training'):
        return False
    return weights_of(run).is_file()


def missing_tests(run: Run) -> List[str]:
    """list[str]: Keys of the tests whose scores are not known."""
    done = read_result(run)['tests']
    return [key for key in run.tests if key not in done]


def is_complete(run: Run) -> bool:
    """bool: Whether nothing is left to do."""
    if missing_tests(run):
        return False
    return not run.trains or bool(read_result(run)['training'])


def seconds_of(result: Dict[str, Any]) -> float:
    """float: That the training and the tests of a result took."""
    training = result.get('training') or {}
    return training.get('seconds', 0.0) + sum(
        test['seconds'] for test in result['tests'].values())


def write_failure(run: Run, message: str) -> None:
    """Note why a run failed; it starts again from the beginning.

    Args:
        run (:obj:`Run`): The run.
        message (str): One line.
    """
    write_atomically(run.folder / FAILURE, json.dumps(dict(message=message)))


def read_failure(run: Run) -> Optional[str]:
    """str | None: Why the run failed when it was last tried."""
    content = _read(run.folder / FAILURE)
    return content and content.get('message')


def clear_failure(run: Run) -> None:
    """Forget the failure; checkpoints that may be its cause go as well."""
    if (run.folder / FAILURE).exists():
        if not is_trained(run):
            remove_checkpoints(run)
        discard(str(run.folder / FAILURE))


def remove_checkpoints(run: Run) -> None:
    """Remove what a training wrote to go on from, not its weights.

    Args:
        run (:obj:`Run`): The run.
    """
    for path in run.folder.glob('*.pth'):
        if path.name != WEIGHTS:
            discard(str(path))
    discard(str(run.folder / 'last_checkpoint'))


def finite(value: Any) -> Any:
    """The value without numbers that JSON does not know.

    Args:
        value (Any): Of dicts, lists and plain values.

    Returns:
        Any: With None for what is not finite.
    """
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _read(path: Path) -> Optional[Dict[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
