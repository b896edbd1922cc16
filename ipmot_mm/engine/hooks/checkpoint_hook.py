"""Checkpoints of a training that survives a full disk and a crash."""
import contextlib
import difflib
import inspect
from typing import Any, Iterator, List, Optional, Tuple

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import CheckpointHook as _CheckpointHook
from mmengine.logging import MessageHub
from mmengine.runner import Runner

from ipmot_mm.atomic_files import NotWrittenError
from ipmot_mm.registry import HOOKS
from ipmot_mm.user_errors import CommandError

from ..checkpoint_files import (point_to, read_pointer, remove_unfinished,
                                report_unwritten)


@HOOKS.register_module()
class CheckpointHook(_CheckpointHook):
    """mmengine's hook, with every step in an order that loses nothing.

    It takes the place of mmengine's under its name in this scope. mmengine
    0.10.7 removes the oldest file before it writes the new one
    (``mmengine/hooks/checkpoint_hook.py:413-461``; for the best one 548-562),
    so that a crash in between leaves none with ``max_keep_ckpts=1``.

    * An old file goes when the new one is on the disk and
      ``last_checkpoint`` names it.
    * A file that cannot be written is reported. The training goes on, removes
      nothing and tries again at the next interval.
    * Without the last checkpoint of the run, the run ends with an error.
    * What a killed run began to write is removed when a training starts.
    * The path of the best checkpoint, which a checkpoint carries, is looked
      for in the folder of this run alone, in case that was moved or copied.

    Args:
        kwargs: See ``mmengine.hooks.CheckpointHook``.

    Raises:
        TypeError: If it has no such argument; mmengine keeps it for the first
            checkpoint, which it then cannot save.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in self.args:
            known = set(inspect.signature(_CheckpointHook).parameters)
            close = difflib.get_close_matches(name, known - {'kwargs'}, n=1)
            remedy = f'did you mean "{close[0]}"?' if close else 'remove it'
            raise TypeError(
                f'CheckpointHook does not take "{name}"; {remedy}')

    def before_train(self, runner: Runner) -> None:
        """See :meth:`mmengine.hooks.CheckpointHook.before_train`."""
        super().before_train(runner)
        self._unsaved: Optional[Tuple[str, int, dict]] = None
        for folder in {str(self.out_dir), runner.work_dir}:
            remove_unfinished(folder)
        self._set_best_paths(
            [path and self._in_out_dir(path) for path in self._best_paths()])

    def after_train(self, runner: Runner) -> None:
        """Publish, and make sure that the result is on the disk.

        Raises:
            CommandError: On all ranks, if it is not.
        """
        if self._unsaved is not None:
            _, step, meta = self._unsaved
            if meta['iter'] == runner.iter:  # still the weights of this file
                self._try_to_save(runner, step, meta)
        message = [self._unsaved and self._unsaved[0]]
        if self._unsaved is None:
            try:
                super().after_train(runner)
            except NotWrittenError as error:
                message = [str(error)]
        broadcast_object_list(message)
        if message[0]:
            last = read_pointer(runner.work_dir)
            raise CommandError(
                f'the training is over, but {message[0]}; the last good '
                f'checkpoint is {last or "none"}, go on from it with --resume')

    def _save_checkpoint_with_step(self, runner: Runner, step: int,
                                   meta: dict) -> None:
        error = self._try_to_save(runner, step, meta)
        if error is not None:
            report_unwritten(error, runner.work_dir)

    def _try_to_save(self, runner: Runner, step: int,
                     meta: dict) -> Optional[NotWrittenError]:
        """Save, note the path, and only then remove what is too old."""
        name = self.filename_tmpl.format(step)
        steps: List[int] = []
        if self.max_keep_ckpts > 0:
            steps = [kept for kept in self.keep_ckpt_ids if kept != step]
            steps.append(step)
        try:
            with _undo_if_not_written(runner.message_hub):
                path = self._write(runner, name, steps, meta)
        except NotWrittenError as error:
            # the error itself would keep the checkpoint in memory
            self._unsaved = str(error), step, meta
            return error
        self._unsaved, self.last_ckpt = None, path
        if steps:
            kept = steps[-self.max_keep_ckpts:]
            self.keep_ckpt_ids.clear()
            self.keep_ckpt_ids.extend(kept)
            runner.message_hub.update_info('keep_ckpt_ids', kept)
            for old in steps[:-self.max_keep_ckpts]:
                self._remove(self._in_out_dir(self.filename_tmpl.format(old)))
        return None

    def _write(self, runner: Runner, name: str, steps: List[int],
               meta: dict) -> str:
        """Write one file and note its path, which is returned."""
        path = self.file_backend.join_path(self.out_dir, name)
        hub = runner.message_hub
        hub.update_info('last_ckpt', path)
        if steps:
            # with the one to be removed: a run that is resumed after a crash
            # in between removes it, as mmengine's before_train does
            hub.update_info('keep_ckpt_ids', steps)
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args)
        point_to(runner.work_dir, path)
        return path

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        """As mmengine's, but the one before goes last."""
        if not self.save_best:
            return
        before = self._best_paths()
        # mmengine removes at once what it knows of
        self._set_best_paths([None] * len(before))
        try:
            with _undo_if_not_written(runner.message_hub):
                super()._save_best_checkpoint(runner, metrics)
        except NotWrittenError as error:
            self._set_best_paths(before)
            report_unwritten(error, runner.work_dir)
            return
        now = [new or old for new, old in zip(self._best_paths(), before)]
        self._set_best_paths(now)
        for path in set(before) - set(now):
            if path:
                self._remove(path)

    def _best_paths(self) -> List[Optional[str]]:
        """Path of the best checkpoint by each score."""
        if not self.save_best:
            return []
        if len(self.key_indicators) == 1:
            return [self.best_ckpt_path]
        return [self.best_ckpt_path_dict[key] for key in self.key_indicators]

    def _set_best_paths(self, paths: List[Optional[str]]) -> None:
        if len(paths) == 1:
            self.best_ckpt_path = paths[0]
        elif paths:
            self.best_ckpt_path_dict = dict(zip(self.key_indicators, paths))

    def _in_out_dir(self, path: str) -> str:
        name = str(path).replace('\\', '/').rsplit('/', 1)[-1]
        return self.file_backend.join_path(self.out_dir, name)

    def _remove(self, path: str) -> None:
        if not is_main_process():
            return
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)
        elif self.file_backend.isdir(path):  # of deepspeed
            self.file_backend.rmtree(path)


@contextlib.contextmanager
def _undo_if_not_written(hub: MessageHub) -> Iterator[None]:
    """Let the message hub say again what is on the disk."""
    before = dict(hub.runtime_info)
    try:
        yield
    except NotWrittenError:
        hub.runtime_info.clear()
        hub.runtime_info.update(before)
        raise
