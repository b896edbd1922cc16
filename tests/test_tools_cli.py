"""Arguments of the command line tools, and their messages for bad input."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config, ConfigDict

from ipmot_mm import cli

TOOLS = Path(__file__).resolve().parents[1] / 'tools'


@pytest.fixture
def config_file(tmp_path):
    path = tmp_path / 'leaf.py'
    path.write_text('train_cfg = dict(max_epochs=3)\n')
    return str(path)


@pytest.fixture
def checkpoint_file(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    path.touch()
    return str(path)


def parse_test(*argv):
    return cli.build_test_parser().parse_args(argv)


def parse_train(*argv):
    return cli.build_train_parser().parse_args(argv)


def test_config_takes_the_common_arguments(config_file):
    cfg = cli.load_config(
        parse_train(config_file, '--launcher', 'pytorch', '--cfg-options',
                    'train_cfg.max_epochs=1', '--local-rank=3'))
    assert cfg.train_cfg.max_epochs == 1
    assert cfg.launcher == 'pytorch'
    assert cfg.work_dir == os.path.join('work_dirs', 'leaf')
    assert cli.load_config(parse_train(config_file, '--work-dir',
                                       'w')).work_dir == 'w'


def test_both_spellings_of_the_local_rank():
    assert parse_test('c', '--local_rank=2').local_rank == 2
    assert parse_train('c', '--local-rank', '1').local_rank == 1


@pytest.mark.parametrize('argv, resume, load_from', [
    ([], None, 'old.pth'),
    (['--resume'], True, None),
    (['--resume', 'auto'], True, None),
])
def test_resume(argv, resume, load_from):
    cfg = Config(dict(load_from='old.pth'))
    cli.apply_train_arguments(cfg, parse_train('c', *argv))
    assert (cfg.get('resume'), cfg.load_from) == (resume, load_from)


def test_resume_from_a_file(checkpoint_file):
    cfg = Config()
    cli.apply_train_arguments(cfg, parse_train('c', '--resume',
                                               checkpoint_file))
    assert cfg.resume and cfg.load_from == checkpoint_file
    with pytest.raises(cli.CommandError, match='checkpoint not found: no.pth'):
        cli.apply_train_arguments(cfg, parse_train('c', '--resume', 'no.pth'))


def test_amp_of_one_optimizer():
    cfg = Config(dict(optim_wrapper=dict(type='OptimWrapper')))
    cli.enable_amp(cfg)
    assert cfg.optim_wrapper == dict(type='ipmot_mm.BFloat16OptimWrapper')
    cli.enable_amp(cfg, 'float16')
    expected = dict(
        type='AmpOptimWrapper', dtype='float16', loss_scale='dynamic')
    assert cfg.optim_wrapper == expected
    cli.enable_amp(cfg)  # takes no loss scale
    assert cfg.optim_wrapper == dict(type='ipmot_mm.BFloat16OptimWrapper')


def test_amp_leaves_the_track_book_alone():
    cfg = Config(
        dict(
            optim_wrapper=dict(
                constructor='TwoPhase',
                tracker=dict(type='OptimWrapper'),
                track_book=dict(type='OptimWrapper'))))
    cli.apply_train_arguments(cfg, parse_train('c', '--amp'))
    assert cfg.optim_wrapper.tracker.type == 'ipmot_mm.BFloat16OptimWrapper'
    assert cfg.optim_wrapper.track_book == dict(type='OptimWrapper')
    assert 'type' not in cfg.optim_wrapper


@pytest.mark.parametrize('argv, dtype', [
    ((), None), (('--amp', ), 'bfloat16'), (('--amp', 'float16'), 'float16'),
    (('--amp', '--resume'), 'bfloat16')])
def test_amp_has_an_optional_type(argv, dtype):
    assert parse_train('c', *argv).amp == dtype


@pytest.mark.parametrize('dtype, device, knows, message', [
    ('float16', 'cpu', True, '--amp float16: its loss scaler needs an acc'),
    ('bfloat16', 'cuda', False, 'does not know bfloat16.*--amp float16'),
    ('bfloat16', 'cpu', True, None), ('float16', 'cuda', False, None)])
def test_amp_that_the_machine_has_not(dtype, device, knows, message,
                                      monkeypatch):
    from mmengine import device as devices

    from ipmot_mm.engine import optim
    monkeypatch.setattr(devices, 'get_device', lambda: device)
    monkeypatch.setattr(optim, 'knows_bfloat16', lambda: knows)
    if message is None:
        cli._require_accelerator(dtype)
        return
    with pytest.raises(cli.CommandError, match=message):
        cli._require_accelerator(dtype)


def test_amp_of_a_foreign_wrapper_is_refused():
    cfg = Config(dict(optim_wrapper=dict(type='ApexOptimWrapper')))
    with pytest.raises(
            cli.CommandError,
            match='--amp: optim_wrapper.type is ApexOptimWrapper; expected'):
        cli.enable_amp(cfg)


def test_lr_scaling():
    cfg = Config(dict(auto_scale_lr=dict(enable=False, base_batch_size=8)))
    cli.enable_lr_scaling(cfg)
    assert cfg.auto_scale_lr.enable
    with pytest.raises(
            cli.CommandError,
            match='auto_scale_lr.base_batch_size is missing; add'):
        cli.enable_lr_scaling(Config())


@pytest.mark.parametrize('as_option', [False, True])
def test_checkpoint_in_either_place(checkpoint_file, as_option):
    argv = ['--checkpoint'] * as_option + [checkpoint_file]
    args = parse_test('c', *argv, '--launcher', 'none')
    assert cli.choose_checkpoint(Config(), args) == checkpoint_file


def test_checkpoint_of_the_config_and_addresses():
    cfg = Config(dict(load_from='https://example.org/a.pth'))
    assert cli.choose_checkpoint(cfg, parse_test('c')).endswith('a.pth')


def test_a_model_without_weights_needs_no_checkpoint(checkpoint_file):
    cfg = Config(dict(needs_checkpoint=False))
    assert cli.choose_checkpoint(cfg, parse_test('c')) is None
    args = parse_test('c', checkpoint_file)
    assert cli.choose_checkpoint(cfg, args) == checkpoint_file


@pytest.mark.parametrize('argv, message', [
    ([], 'checkpoint missing; give its path after the config'),
    (['a', '--checkpoint', 'b'], 'two checkpoints: a and --checkpoint b'),
    (['no.pth'], 'checkpoint not found: no.pth; give the path'),
])
def test_bad_checkpoint_arguments(argv, message):
    with pytest.raises(cli.CommandError, match=message):
        cli.choose_checkpoint(Config(), parse_test('c', *argv))


@pytest.mark.parametrize('evaluator', [
    dict(type='A'),
    [dict(type='A'), dict(type='B')],
    dict(type='Evaluator', metrics=[dict(type='A')]),
    dict(type='Evaluator', metrics=dict(type='A')),
])
def test_format_only_reaches_every_metric(evaluator, checkpoint_file):
    cfg = Config(dict(test_evaluator=evaluator))
    cli.apply_test_arguments(cfg,
                             parse_test('c', checkpoint_file, '--format-only'))
    metrics = cli._evaluators(cfg, 'test_evaluator')
    assert metrics and all(metric.format_only for metric in metrics)
    assert cfg.test_evaluator.get(
        'format_only') is None if 'metrics' in evaluator else True


def test_val_needs_a_validation_set(checkpoint_file):
    for cfg in (dict(), dict(val_dataloader=dict(a=1))):
        with pytest.raises(cli.CommandError, match='--val: val_dataloader or'):
            cli.apply_test_arguments(
                Config(cfg), parse_test('c', checkpoint_file, '--val'))


def test_results_go_into_the_work_dir(tmp_path):
    (tmp_path / 'leaf.py').write_text(
        "test_evaluator = [dict(outfile_prefix='{work_dir}/a'), "
        "dict(submission='{work_dir}/b.zip', outfile_prefix='c')]")
    cfg = cli.load_config(
        parse_test(str(tmp_path / 'leaf.py'), '--work-dir', 'runs/1'))
    assert [dict(each) for each in cfg.test_evaluator] == [
        dict(outfile_prefix='runs/1/a'),
        dict(submission='runs/1/b.zip', outfile_prefix='c')
    ]


@pytest.mark.parametrize('flags, folder', [([], 'test'), (['--val'], 'val')])
def test_val_tests_on_the_validation_set(flags, folder, checkpoint_file):
    cfg = Config({
        f'{key}_{part}': dict(name=key)
        for key in ('val', 'test') for part in ('dataloader', 'evaluator')
    })
    cli.apply_test_arguments(cfg, parse_test('c', checkpoint_file, *flags))
    assert cfg.test_dataloader.name == cfg.test_evaluator.name == folder


@pytest.mark.parametrize('hooks', [
    None,
    dict(visualization=dict(type='TrackVideoHook', fps=5)),
    dict(visualization=dict(type='mmdet.TrackVisualizationHook', draw=True)),
])
def test_show_configures_the_video_hook(hooks, checkpoint_file):
    cfg = Config() if hooks is None else Config(dict(default_hooks=hooks))
    cli.apply_test_arguments(
        cfg, parse_test('c', checkpoint_file, '--show-dir', 'videos'))
    hook = cfg.default_hooks.visualization
    assert hook.type.endswith('TrackVideoHook') and 'draw' not in hook
    assert (hook.enable, hook.show, hook.out_dir) == (True, False, 'videos')


def test_out_must_be_a_pickle(checkpoint_file):
    with pytest.raises(cli.CommandError, match='--out: got a.json; expected'):
        cli.apply_test_arguments(
            Config(), parse_test('c', checkpoint_file, '--out', 'a.json'))


def test_slips_keep_their_traceback():

    def slip(argv):
        int('not a number')

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(cli.COMMANDS, 'train', slip)
        with pytest.raises(ValueError, match='invalid literal'):
            cli.run('train')
    assert cli.report_known(ValueError('never raised')) is None


def test_unknown_command(capsys):
    assert cli.main(['fly']) == cli.USER_ERROR
    assert 'usage' in capsys.readouterr().err


def run_tool(*argv):
    return subprocess.run([sys.executable, *map(str, argv)],
                          capture_output=True,
                          text=True,
                          timeout=120,
                          env={
                              **os.environ, 'PYTHONPATH': str(TOOLS.parent)
                          })


@pytest.mark.parametrize('tool',
                         [['tools/train.py'], ['-m', 'ipmot_mm.cli', 'train']])
def test_missing_config_is_one_line(tool):
    if tool[0].startswith('tools'):
        tool = [TOOLS.parent / tool[0]]
    done = run_tool(*tool, 'no_such_config.py')
    assert done.returncode == cli.USER_ERROR
    assert done.stderr.startswith('error: config not found: no_such_config.py')
    assert done.stderr.count('\n') == 1


def test_missing_checkpoint_is_one_line(config_file):
    done = run_tool(TOOLS / 'test.py', config_file, 'no.pth')
    assert done.returncode == cli.USER_ERROR
    assert done.stderr == ('error: checkpoint not found: no.pth; give the '
                           'path of an existing .pth file\n')


def test_help_has_no_flag_that_mim_would_pass():
    for parser in (cli.build_train_parser(), cli.build_test_parser()):
        assert not re.search('--gpus|--device', parser.format_help())


def test_video_hook_settings_are_a_config(checkpoint_file):
    cfg = Config()
    cli.apply_test_arguments(cfg, parse_test('c', checkpoint_file, '--show'))
    assert isinstance(cfg.default_hooks.visualization, ConfigDict)
    assert cfg.default_hooks.visualization.show is True


def test_work_dir_that_cannot_be_written_to(tmp_path, monkeypatch):
    cli.require_writable(str(tmp_path / 'a' / 'b'))
    assert (tmp_path / 'a' / 'b').is_dir()
    (tmp_path / 'file').touch()
    with pytest.raises(
            cli.CommandError,
            match='work dir .*file/a cannot be written to .Not a directory.; '
            'correct its permissions, or choose another with --work-dir'):
        cli.require_writable(str(tmp_path / 'file' / 'a'))
    monkeypatch.setattr(os, 'access', lambda *args: False)
    with pytest.raises(cli.CommandError, match='Permission denied'):
        cli.require_writable(str(tmp_path))
