"""Learning rates of a run that goes on with epochs of another length."""
import warnings
from typing import Any, Dict, List

from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner


def replay_schedules(runner: Runner, checkpoint: Dict[str, Any], epochs: int,
                     iters: int) -> None:
    """Put the schedules of this run where they would be by now.

    Those in the checkpoint count iterations of the old length: a cosine that
    ended with the training would then end too early and rise again, or not
    end. They are stepped from the start instead, and rates in the checkpoint
    are replaced. For ``after_load_checkpoint``, when nothing but the built
    schedules has changed the rates of this run.

    Args:
        runner (:obj:`Runner`): Its schedules have not been stepped.
        checkpoint (dict): About to be resumed; changed in place.
        epochs (int): Done.
        iters (int): Done, in epochs of the new length.
    """
    by_name = runner.param_schedulers
    if by_name is None:
        return
    if not isinstance(by_name, dict):
        by_name = dict(all=by_name)
    schedulers = [each for group in by_name.values() for each in group]
    if any(getattr(each, 'need_val_args', False) for each in schedulers):
        return  # they follow the scores, which cannot be replayed
    length = len(runner.train_dataloader)
    with warnings.catch_warnings():
        # of a schedule that is stepped before its optimiser
        warnings.simplefilter('ignore')
        for done in range(1, iters + 1):
            _step(schedulers, by_epoch=False)
            if done % length == 0 and done <= epochs * length:
                _step(schedulers, by_epoch=True)
    checkpoint.pop('param_schedulers', None)
    _replace_rates(runner.optim_wrapper, checkpoint.get('optimizer'))


def _step(schedulers: List[Any], by_epoch: bool) -> None:
    for scheduler in schedulers:
        if scheduler.by_epoch == by_epoch:
            scheduler.step()


def _replace_rates(wrapper: Any, state: Any) -> None:
    """Rates of an optimiser into what it is about to load."""
    if state is None:
        return
    if isinstance(wrapper, OptimWrapperDict):
        for name, each in wrapper.items():
            _replace_rates(each, state.get(name))
        return
    groups = list(state['param_groups'])
    if 'base_param_settings' in state:  # what mmengine logs as base_lr
        groups.append(state['base_param_settings'])
    for old, new in zip(groups, wrapper.param_groups):
        for key in ('lr', 'momentum', 'betas'):
            for name in (key, f'initial_{key}'):
                if name in new:
                    old[name] = new[name]
