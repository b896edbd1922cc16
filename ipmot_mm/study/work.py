"""What the process of one run does: its training, then its tests."""
import time
from typing import Any, Dict

from mmengine.runner import Runner

from ipmot_mm.benchmark.machine import describe_machine
from ipmot_mm.cli import place_results
from ipmot_mm.engine.hooks.checkpoint_layout_hook import CheckpointLayoutHook

from .plan import Run
from .records import (is_trained, missing_tests, read_result, weights_of,
                      write_result)
from .training import Progress, ProgressHook, QuickConfig, set_place, train

TRAINING_SHARE = 0.8
"""Part of a run that its training is taken for, in what is shown of it."""
PER_SEQUENCE = ('HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1', 'IDSW')
COMBINED = 'COMBINED'


def carry_out(run: Run, progress: Progress) -> None:
    """Do what is left of a run: its training, then its missing tests.

    ``result.json`` is written after each of them.

    Args:
        run (:obj:`Run`): The run.
        progress (Callable): Called with the finished part in [0, 1].
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    result = read_result(run)
    share = 0.0
    if run.trains and not is_trained(run):
        share = TRAINING_SHARE
        result = dict(training=None, tests={})
        training = train(run, _part_of(progress, 0.0, share))
        result['training'] = dict(training, **_circumstances())
        write_result(run, result['training'], result['tests'])
    missing = missing_tests(run)
    for number, key in enumerate(missing):
        length = (1 - share) / len(missing)
        outcome = test(run, key,
                       _part_of(progress, share + length * number, length))
        result['tests'][key] = dict(outcome, commit=_circumstances()['commit'])
        write_result(run, result['training'], result['tests'])


def test(run: Run, key: str, progress: Progress) -> Dict[str, Any]:
    """Score the weights of a run, as ``tools/test.py`` would.

    Args:
        run (:obj:`Run`): The run.
        key (str): Of the test.
        progress (Callable): Called with the finished part in [0, 1].

    Returns:
        dict: ``name``, ``seconds``, ``scores`` (all numbers of the
        evaluators, without prefix, as they give them) and ``sequences`` (some
        of each sequence).
    """
    started = time.perf_counter()
    name = run.test_names[key]
    cfg = QuickConfig(run.tests[key])
    for part in ('train', 'val'):
        for field in ('cfg', 'dataloader', 'evaluator'):
            cfg[f'{part}_{field}'] = None
    cfg.optim_wrapper = cfg.param_scheduler = None
    set_place(cfg, run, str(run.folder / f'test-{name}'), f'test_{name}')
    place_results(cfg)
    cfg.load_from, cfg.resume = str(weights_of(run)), False
    runner = Runner.from_cfg(cfg)
    runner.register_hook(
        CheckpointLayoutHook(require_all=True), priority='VERY_HIGH')
    runner.register_hook(ProgressHook(progress=progress))
    scores = runner.test()
    return dict(
        name=name,
        seconds=time.perf_counter() - started,
        scores={
            metric.split('/', 1)[-1]: float(value)
            for metric, value in scores.items()
        },
        sequences=_scores_of_sequences(runner))


def _scores_of_sequences(runner: Runner) -> Dict[str, Dict[str, float]]:
    """Of the first evaluator that knows them."""
    for metric in runner.test_evaluator.metrics:
        found = getattr(metric, 'sequence_results', None)
        if found:
            return {
                name: {
                    key: float(scores[key])
                    for key in PER_SEQUENCE if key in scores
                }
                for name, scores in found.items() if name != COMBINED
            }
    return {}


def _part_of(progress: Progress, begin: float, length: float) -> Progress:
    """The progress of one step, as part of that of the run."""
    return lambda part: progress(begin + length * part)


def _circumstances() -> Dict[str, Any]:
    """Machine, versions and commit; once in a process."""
    if not _KNOWN:
        machine = describe_machine()
        _KNOWN.update(
            commit=machine.pop('commit'),
            versions=machine.pop('versions'),
            machine=machine)
    return dict(_KNOWN)


_KNOWN: Dict[str, Any] = {}
