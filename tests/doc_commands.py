"""Whether the commands of the pages could be given: files, options, names."""
import argparse
import contextlib
import io
import re
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

from doc_blocks import DEFAULT_BASE, ROOT
from doc_configs import check_options

from ipmot_mm import cli

# Programs that a page may name and that are not ours.
KNOWN = {
    'conda', 'deactivate', 'diff', 'docker', 'ffmpeg', 'git', 'grep', 'head',
    'ls', 'mkdir', 'mlflow', 'mv', 'pre-commit', 'rm', 'sbatch', 'sed',
    'tail', 'tensorboard', 'unzip', 'wandb', 'wget'
}
WRAPPERS = {'timeout', 'mpirun', 'env', 'nohup', 'srun', 'time', 'taskset'}
STARTERS = {'python', 'bash', 'pip', 'mim', 'pytest', 'torchrun'}
MODULES = {'pip', 'venv', 'pytest', 'mim', 'build', 'flake8', 'isort', 'yapf',
           'twine', 'sphinx', 'mypy'}
# Scripts that hand on what comes behind their own arguments.
LAUNCHERS = {
    'dist_train.sh': (2, 'train'), 'dist_test.sh': (3, 'test'),
    'slurm_train.sh': (4, 'train'), 'slurm_test.sh': (4, 'test')
}
MIM_OPTIONS = {
    '--launcher', '--gpus', '--gpus-per-node', '--cpus-per-task',
    '--partition', '--port', '--srun-args', '-G', '-g', '-c', '-p', '-P', '-y',
    '--yes', '-l', '--max-jobs', '-j', '--search-args', '--other-args'
}
PLACEHOLDER = re.compile(r'PRINTED|\.\.\.|\*|<|[A-Z][A-Z0-9_]*\b(?![./\w-])')
PIP_NAMES = {
    'mmcv', 'mmdet', 'mmengine', 'onedl-mmcv', 'onedl-mmdet', 'mmtrack',
    'openmim', 'ipmot_mm', 'mmcv-lite', 'torch', 'torchvision'
}


class Parsed(BaseException):
    """The command line of a tool was read; nothing else is to happen."""


class CommandChecker:
    """Checks the commands of one page.

    Args:
        files (set[str]): Files that the page tells to write.
    """

    def __init__(self, files=()):
        self.files = set(files)

    def __call__(self, argv):
        """Problems of a command, a list of lines."""
        if argv[0] in WRAPPERS:
            starts = [i for i, each in enumerate(argv) if each in STARTERS]
            if not starts:
                return []
            argv = argv[starts[0]:]
        name = re.sub(r'\d[\d.]*$', '', Path(argv[0]).name)
        check = getattr(self, f'_check_{name}', None)
        if check is not None:
            problems = check(argv[1:]) + self._check_files(argv[1:])
            self.files.update(
                value for option, value in zip(argv, argv[1:])
                if option == '--out')
            return problems
        return [] if argv[0] in KNOWN else [f'{argv[0]}: unknown command']

    def _check_files(self, args):
        """Configs and weights of the repository that are named exist."""
        ours = re.compile(r'(configs|projects|checkpoints|demo|docs)/.*\.\w+$')
        names = [each.split('=')[-1] for each in args]
        return [
            f'{name}: no such file' for name in names
            if ours.match(name) and not PLACEHOLDER.search(name)
            and not self._exists(name)
        ]

    def _exists(self, name):
        return (ROOT / name).exists() or name in self.files

    def _check_python(self, args):
        if not args or args[0] == '-':
            return []
        if args[0] == '-c':
            compile(args[1], '-c', 'exec')
            return []
        if args[0] == '-m':
            return self._check_module(args[1], args[2:])
        script, *rest = args
        if PLACEHOLDER.search(script) or script in self.files:
            return []
        if not (ROOT / script).is_file():
            return [f'{script}: no such file']
        return self._parse(ROOT / script, rest)

    def _check_module(self, module, args):
        check = getattr(self, f'_check_{module}', None)
        if check is not None:
            return check(args)
        if module in MODULES:
            return []
        try:
            if find_spec(module) is None:
                return [f'{module}: no such module']
        except ModuleNotFoundError:
            return [f'{module}: no such module']
        if module.startswith('ipmot_mm'):
            return self._parse(module, args)
        return []

    def _check_bash(self, args):
        script, *rest = args
        if PLACEHOLDER.search(script):
            return []
        if not (ROOT / script).is_file():
            return [f'{script}: no such file']
        name = Path(script).name
        if name in LAUNCHERS:
            num_own, tool = LAUNCHERS[name]
            if name.startswith('slurm'):  # PARTITION JOB CONFIG W|CHECKPOINT
                head, rest = rest[2:3], rest[3:]
                if tool == 'train':
                    rest = rest[1:]
                return self._parse(ROOT / f'tools/{tool}.py', head + rest)
            if len(rest) < num_own:
                return [f'{script}: too few arguments {rest}']
            head, number = rest[:num_own - 1], rest[num_own - 1]
            if not (number.isdigit() or PLACEHOLDER.search(number)):
                return [f'{script}: {number!r} is no number of processes']
            return self._parse(ROOT / f'tools/{tool}.py',
                               head + rest[num_own:])
        text = (ROOT / script).read_text()
        if name == 'run_tests.sh':
            return []
        return [
            f'{script}: unknown option {each}' for each in rest
            if each.startswith('-') and each not in text
        ]

    def _check_pip(self, args):
        problems = []
        skip = False
        for each in args[1:]:
            if skip or each.startswith('-'):
                if skip and each.startswith('requirements') and not (
                        ROOT / each).is_file():
                    problems.append(f'{each}: no such file')
                skip = each in ('-c', '-r', '-w', '--index-url',
                                '--extra-index-url', '-f')
                continue
            problems += self._check_requirement(each)
        return problems

    @staticmethod
    def _check_requirement(text):
        match = re.match(r'(.*?)(?:\[([\w,-]+)\])?$', text)
        name, extras = match[1], (match[2] or '').split(',')
        name = re.split(r'[=<>~!;@ ]', name)[0]
        known = _requirements()
        problems = []
        if name and not re.match(r'\.|git\+|.*/', name) and (
                name.lower() not in known):
            problems.append(f'pip: unknown package {name}')
        if name in ('', '.', 'ipmot_mm') or 'ipmot_mm' in name:
            problems += [
                f'pip: there is no extra {extra}' for extra in extras
                if extra and not (ROOT / f'requirements/{extra}.txt').is_file()
            ]
        return problems

    def _check_mim(self, args):
        command, *rest = args
        if command == 'install':
            return self._check_pip(['install', *rest])
        if command in ('search', 'list', 'download', 'uninstall'):
            return []
        if command not in ('train', 'test', 'gridsearch', 'run'):
            return [f'mim: unknown command {command}']
        if rest[0] != 'ipmot_mm':
            return [] if rest[0] in PIP_NAMES else [
                f'mim {command}: unknown package {rest[0]}']
        if command == 'run':
            return self._run_by_name(*rest[1:])
        config, *rest = rest[1:]
        own, skip = [config], False
        for each in rest:
            if each.split('=')[0] in MIM_OPTIONS:
                skip = '=' not in each and each not in ('-y', '--yes')
                if each == '--search-args':
                    break
            elif skip:
                skip = False
            else:
                own.append(each)
        tool = 'test' if command == 'test' else 'train'
        return self._parse(ROOT / f'tools/{tool}.py', own)

    def _run_by_name(self, name, *args):
        """A script of the package, in whatever folder."""
        found = [path for folder in ('tools', 'demo')
                 for path in (ROOT / folder).rglob(f'{name}.py')]
        if not found:
            return [f'mim run: no script {name}']
        return self._parse(found[0], args)

    def _check_torchrun(self, args):
        scripts = [i for i, each in enumerate(args)
                   if each.endswith('.py') or each == '-m']
        return self._check_python(args[scripts[0]:])

    def _check_pytest(self, args):
        names = [each for each in args if each.startswith('tests/')]
        return [f'{name}: no such file' for name in names
                if not (ROOT / name.split('::')[0]).exists()]

    def _parse(self, tool, args):
        """Let the parser of a tool read its arguments."""
        try:
            namespace = parse_arguments(tool, args)
        except ValueError as error:
            return [str(error)]
        options = getattr(namespace, 'cfg_options', None)
        problems = []
        config = getattr(namespace, 'config', None)
        if config is not None and config.endswith('.py'):
            found = self._find_config(config)
            if found is None:
                problems.append(f'{config}: no such config')
            elif options:
                problems += check_options(found, options)
        elif options:
            problems += check_options(ROOT / 'configs' / DEFAULT_BASE, options)
        return problems

    def _find_config(self, name):
        """A file; a bare name as mim finds it; the default for a file that
        the reader writes."""
        if (ROOT / name).is_file():
            return ROOT / name
        if name.startswith('ipmot_mm::'):
            return self._find_config(f'configs/{name[len("ipmot_mm::"):]}')
        if name in self.files or PLACEHOLDER.search(name):
            return ROOT / 'configs' / DEFAULT_BASE
        if '/' not in name:
            return next((ROOT / 'configs').rglob(name), None)
        return None


def parse_arguments(tool, args):
    """What a tool understands.

    Args:
        tool (Path | str): A script, or the name of a module.
        args (list[str]): Its command line.

    Returns:
        Namespace: Of its parser.

    Raises:
        ValueError: If the parser refuses them, with what it says.
    """
    original = argparse.ArgumentParser.parse_args
    name = tool if isinstance(tool, str) else tool.relative_to(
        ROOT).as_posix()

    def parse(parser, argv=None, namespace=None):
        raise Parsed(original(parser, argv, namespace))

    said, before = io.StringIO(), (sys.argv, list(sys.path))
    sys.argv = [name, *args]
    argparse.ArgumentParser.parse_args = parse
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(
                io.StringIO()):
            if isinstance(tool, str):
                _run_module(tool, args)
            else:
                sys.path.insert(0, str(tool.parent))
                runpy.run_path(str(tool), run_name='__main__')
    except Parsed as parsed:
        return parsed.args[0]
    except SystemExit:
        lines = said.getvalue().strip().splitlines()
        raise ValueError(lines[-1] if lines else f'{name}: stopped') from None
    finally:
        argparse.ArgumentParser.parse_args = original
        sys.argv, sys.path[:] = before
    raise ValueError(f'{name}: reads no command line')


def _run_module(name, args):
    if name == 'ipmot_mm.cli':
        cli.main(args)
    else:
        runpy.run_module(name, run_name='__main__')


def _requirements():
    """Packages that the requirements name, and hosts."""
    names = set(PIP_NAMES)
    for path in (ROOT / 'requirements').glob('*.txt'):
        for line in path.read_text().splitlines():
            match = re.match(r'[\w.-]+', line)
            if match:
                names.add(match[0].lower())
    return names
