"""Training and testing from the command line, shared by ``tools/``.

``python -m ipmot_mm.cli train|test ...`` does what ``tools/train.py`` and
``tools/test.py`` do, for installations without mim and without a checkout.
The arguments are those of mmdet's tools. mim looks for the text of a flag on
the number of GPUs in the help and passes one on, so there is none.
"""
import argparse
import errno
import os
import os.path as osp
import sys
from pathlib import Path
from typing import List, Optional

from mmengine.config import Config, ConfigDict

from .compat.shipped_files import find_checkpoint, find_config
from .config_errors import (SettingsAction, read_file, replace_settings,
                            require_known_keys)
from .user_errors import (INTERRUPTED, TERMINATED, USER_ERROR, CommandError,
                          TrainingTerminated, report_known)

VIDEO_HOOK = 'ipmot_mm.TrackVideoHook'
AMP_WRAPPERS = dict(
    bfloat16='ipmot_mm.BFloat16OptimWrapper', float16='AmpOptimWrapper')


def build_train_parser() -> argparse.ArgumentParser:
    """Arguments of ``tools/train.py``."""
    parser = argparse.ArgumentParser(description='Train a tracker')
    _add_common_arguments(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from this checkpoint; without a value, from the latest '
        'one in the work dir, or from the beginning where there is none')
    parser.add_argument(
        '--amp',
        nargs='?',
        const='bfloat16',
        choices=('bfloat16', 'float16'),
        help='automatic mixed precision for the tracker; without a value in '
        'bfloat16, on a V100 or T4 write --amp float16')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rates by the real total batch size over '
        'auto_scale_lr.base_batch_size')
    return parser


def build_test_parser() -> argparse.ArgumentParser:
    """Arguments of ``tools/test.py``."""
    parser = argparse.ArgumentParser(description='Test a tracker')
    _add_common_arguments(parser)
    parser.add_argument('checkpoint', nargs='?', help='checkpoint file')
    parser.add_argument(
        '--checkpoint',
        dest='checkpoint_option',
        metavar='CHECKPOINT',
        help='the same as the second positional argument')
    parser.add_argument(
        '--val',
        action='store_true',
        help='test on the validation set of the config, which has annotations '
        'where the test set of a benchmark has none')
    parser.add_argument(
        '--out', metavar='FILE.pkl', help='write all predictions to a pickle')
    parser.add_argument(
        '--format-only',
        action='store_true',
        help='write result files in the format of the benchmark, score '
        'nothing')
    parser.add_argument(
        '--show', action='store_true', help='show the tracks in a window')
    parser.add_argument(
        '--show-dir', metavar='DIR', help='write a video with tracks per clip')
    return parser


def _add_common_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'config', help='config file, or name of one that is shipped')
    parser.add_argument(
        '--work-dir',
        help='folder of logs and checkpoints; default: work_dir of the '
        'config, else work_dirs/NAME_OF_CONFIG')
    add_cfg_options(parser)
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes')
    # launchers pass either spelling; neither has a use with torchrun
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options``, for :func:`read_config`."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=SettingsAction,
        metavar='KEY=VALUE',
        help='settings that replace those of the config, e.g. '
        'train_cfg.max_epochs=2 or a.b="[1,2]" (quoted, no blanks)')


def read_config(path: str, cfg_options: Optional[dict]) -> Config:
    """Read a config file.

    Args:
        path (str): The file, or what :func:`find_config` takes.
        cfg_options (dict, optional): Settings that replace those of the file.

    Returns:
        :obj:`Config`: The config.

    Raises:
        ValueError: If there is none, it cannot be read, or a key is a slip.
    """
    file = find_config(path)
    if file is None:
        raise CommandError(
            f'config not found: {path}; give the path of a config '
            'file, or the name of a shipped one, see configs/')
    cfg = read_file(file)
    replace_settings(cfg, cfg_options or {})
    require_known_keys(cfg, cfg_options or {})
    return cfg


def load_config(args: argparse.Namespace) -> Config:
    """Read the config file and apply the arguments of both commands."""
    cfg = read_config(args.config, args.cfg_options)
    cfg.launcher = args.launcher
    if cfg.get('load_from') is not None:
        cfg.load_from = find_checkpoint(cfg.load_from)
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = osp.join('work_dirs', Path(args.config).stem)
    place_results(cfg)
    return cfg


def place_results(cfg: Config) -> None:
    """Fill ``{work_dir}`` into the paths of results, so that two models do
    not write over each other's."""
    for key in ('val_evaluator', 'test_evaluator'):
        for evaluator in _evaluators(cfg, key):
            for name in ('outfile_prefix', 'submission'):
                path = evaluator.get(name)
                if isinstance(path, str):
                    evaluator[name] = path.replace('{work_dir}', cfg.work_dir)


def apply_train_arguments(cfg: Config, args: argparse.Namespace) -> None:
    """Write ``--amp --auto-scale-lr --resume`` into the config."""
    if args.amp:
        enable_amp(cfg, args.amp)
    if args.auto_scale_lr:
        enable_lr_scaling(cfg)
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None
        if args.resume != 'auto':
            cfg.load_from = require_checkpoint(args.resume)


def apply_test_arguments(cfg: Config, args: argparse.Namespace) -> None:
    """Write the checkpoint, output and drawing arguments into the config."""
    cfg.load_from = choose_checkpoint(cfg, args)
    if args.val:
        if not cfg.get('val_dataloader') or not cfg.get('val_evaluator'):
            raise CommandError(
                '--val: val_dataloader or val_evaluator is missing; add them '
                'to the config, or test without --val')
        cfg.test_dataloader = cfg.val_dataloader
        cfg.test_evaluator = cfg.val_evaluator
    if args.out is not None and not args.out.endswith(('.pkl', '.pickle')):
        raise CommandError(f'--out: got {args.out}; expected a file name that '
                           'ends with .pkl or .pickle')
    if args.format_only:
        for evaluator in _evaluators(cfg, 'test_evaluator'):
            evaluator.format_only = True
    if args.show or args.show_dir is not None:
        hooks = cfg.setdefault('default_hooks', ConfigDict())
        hook = hooks.get('visualization', {})
        if not str(hook.get('type', '')).endswith('TrackVideoHook'):
            hook = ConfigDict(type=VIDEO_HOOK)
        hook.update(enable=True, show=args.show, out_dir=args.show_dir)
        hooks.visualization = hook


def enable_amp(cfg: Config, dtype: str = 'bfloat16') -> None:
    """Train the tracker, but not the TrackBook, in mixed precision."""
    wrapper = cfg.optim_wrapper
    name = 'optim_wrapper'
    if 'constructor' in wrapper and 'tracker' in wrapper:
        wrapper, name = wrapper.tracker, 'optim_wrapper.tracker'
    kind = wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', *AMP_WRAPPERS.values()):
        raise CommandError(f'--amp: {name}.type is {kind}; expected '
                           'OptimWrapper, set its own switch in the config')
    wrapper.type = AMP_WRAPPERS[dtype]
    if dtype == 'float16':
        wrapper.dtype = dtype
        wrapper.setdefault('loss_scale', 'dynamic')
    else:
        for key in ('dtype', 'loss_scale', 'use_fsdp'):
            wrapper.pop(key, None)


def enable_lr_scaling(cfg: Config) -> None:
    """Let the runner scale learning rates by the batch size."""
    scaling = cfg.get('auto_scale_lr') or {}
    if 'base_batch_size' not in scaling:
        raise CommandError('--auto-scale-lr: auto_scale_lr.base_batch_size is '
                           'missing; add the total batch size for which the '
                           'learning rates of the config are meant')
    scaling.enable = True


def choose_checkpoint(cfg: Config, args: argparse.Namespace) -> Optional[str]:
    """The one checkpoint to test: an argument, else ``load_from``.

    None with ``needs_checkpoint=False``, for a model without weights.
    """
    given = {args.checkpoint, args.checkpoint_option} - {None}
    if len(given) > 1:
        raise CommandError(f'two checkpoints: {args.checkpoint} and '
                           f'--checkpoint {args.checkpoint_option}; give one')
    path = given.pop() if given else cfg.get('load_from')
    if path is None and not cfg.get('needs_checkpoint', True):
        return None
    if path is None:
        raise CommandError('checkpoint missing; give its path after the '
                           'config, e.g. test.py CONFIG work_dirs/X/a.pth')
    return require_checkpoint(path)


def require_checkpoint(path: str) -> str:
    """Path of the file; addresses are not looked up here."""
    path = find_checkpoint(path)
    if '://' not in path and not osp.isfile(osp.expanduser(path)):
        raise CommandError(f'checkpoint not found: {path}; give the path of '
                           'an existing .pth file')
    return path


def require_writable(folder: str) -> None:
    """Make the work dir, or raise a :class:`CommandError`."""
    try:
        os.makedirs(folder, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise CommandError(
            f'work dir {folder} cannot be written to ({error.strerror}); '
            'correct its permissions, or choose another with '
            '--work-dir') from error


def _evaluators(cfg: Config, key: str) -> List[ConfigDict]:
    evaluator = cfg.get(key) or []
    if isinstance(evaluator, dict):
        evaluator = evaluator.get('metrics', [evaluator])
    return [evaluator] if isinstance(evaluator, dict) else list(evaluator)


def train(argv: Optional[List[str]] = None) -> None:
    """Train as the arguments say."""
    args = build_train_parser().parse_args(argv)
    cfg = load_config(args)
    # a job that always says --resume starts from these weights once
    start_from = cfg.get('load_from')
    apply_train_arguments(cfg, args)
    if args.amp:
        _require_accelerator(args.amp)
    runner = _build_runner(cfg, args)

    from .engine.checkpoint_search import choose_start
    if choose_start(runner, start_from):
        _check_layout(runner, require_all=runner._resume)
        runner.train()


def test(argv: Optional[List[str]] = None) -> None:
    """Test as the arguments say."""
    args = build_test_parser().parse_args(argv)
    cfg = load_config(args)
    apply_test_arguments(cfg, args)
    runner = _build_runner(cfg, args)
    _check_layout(runner, require_all=True)
    if args.out is not None:
        from mmengine.evaluator import DumpResults
        runner.test_evaluator.metrics.append(
            DumpResults(out_file_path=args.out))
    runner.test()


def _build_runner(cfg: Config, args: argparse.Namespace):
    # heavy, and not needed for a usage message or a missing file
    from mmengine.registry import RUNNERS
    from mmengine.runner import Runner
    if 'model' not in cfg:
        raise CommandError(f'{args.config} has no key model; give a leaf of '
                           'configs/, and a study to run_study.py')
    require_writable(cfg.work_dir)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if 'runner_type' in cfg:
        runner = RUNNERS.build(cfg)
    else:
        runner = Runner.from_cfg(cfg)
    return runner


def _check_layout(runner, require_all: bool) -> None:
    from .engine.hooks.checkpoint_layout_hook import CheckpointLayoutHook
    runner.register_hook(
        CheckpointLayoutHook(require_all=require_all), priority='VERY_HIGH')


def _require_accelerator(dtype: str) -> None:
    from mmengine.device import get_device

    from .engine.optim import knows_bfloat16
    if dtype == 'float16' and get_device() == 'cpu':
        raise CommandError('--amp float16: its loss scaler needs an '
                           'accelerator and none was found; write '
                           '--amp bfloat16, or leave --amp out')
    if dtype == 'bfloat16' and not knows_bfloat16():
        raise CommandError('--amp: this GPU does not know bfloat16, only '
                           'Ampere and newer do; write --amp float16')


COMMANDS = {'train': train, 'test': test}


def run(command: str, argv: Optional[List[str]] = None) -> int:
    """Run a command; a known cause of its end becomes one line.

    Args:
        command (str): ``'train'`` or ``'test'``.
        argv (list[str], optional): Its arguments. Defaults to those of the
            process.

    Returns:
        int: Exit code: 0, ``USER_ERROR``, ``FAILURE``, ``INTERRUPTED`` or
        ``TERMINATED``.
    """
    try:
        COMMANDS[command](argv)
        leave_process_group()
    except KeyboardInterrupt:
        if int(os.environ.get('RANK', 0)) == 0:
            remedy = '; go on with --resume' if command == 'train' else ''
            sys.stderr.write(f'interrupted{remedy}\n')
        return INTERRUPTED
    except TrainingTerminated as error:
        if int(os.environ.get('RANK', 0)) == 0:
            sys.stderr.write(f'{error}\n')
        leave_process_group()
        return TERMINATED
    except Exception as error:
        code = report_known(error)
        if code is None:
            raise
        return code
    return 0


def leave_process_group() -> None:
    """End the ranks together.

    A rank that exits while another still talks to it can abort in gloo's own
    threads, which turns a finished training into a failed one.
    """
    from torch import distributed
    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()


def main(argv: Optional[List[str]] = None) -> int:
    """Entry of ``python -m ipmot_mm.cli``."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] not in COMMANDS:
        sys.stderr.write('usage: python -m ipmot_mm.cli {train,test} '
                         'CONFIG ...\n')
        return USER_ERROR
    return run(argv[0], argv[1:])


if __name__ == '__main__':
    sys.exit(main())
