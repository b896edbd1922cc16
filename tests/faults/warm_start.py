"""Start commands from a process that has done the slow imports already.

``import torch, mmdet`` takes longer than a training of twelve iterations, and
so do two services of mmengine that no fault touches: listing the compilers
for the log and formatting the text of the config. They are left out.

When all is ready it prints a line. Each line on standard input is a request
in JSON: ``argv`` of a Python script, ``env`` to add, ``cwd`` and ``output``, a
file for what it prints. The answer is two lines: the process id, and the exit
code once it has ended (negative for a signal, as of ``subprocess``).
"""
import json
import os
import runpy
import sys
import traceback

import ipmot_mm  # noqa: F401  (first: prepares mmengine and mmdet)

import mmdet.models  # isort: skip  # noqa: F401,E402
import open_clip  # noqa: F401,E402
from mmengine.config import config as config_module  # noqa: E402
from mmengine.runner import runner as runner_module  # noqa: E402

import ipmot_mm.engine  # noqa: F401,E402
import ipmot_mm.evaluation  # noqa: F401,E402
import ipmot_mm.models  # noqa: F401,E402


def become(request: dict) -> int:
    """Run the script in this process, as if it had been started anew."""
    os.setsid()
    os.chdir(request['cwd'])
    os.environ.update(request['env'])
    sys.path[:0] = [
        os.path.dirname(request['argv'][0]),
        *request['env'].get('PYTHONPATH', '').split(os.pathsep)
    ]
    output = os.open(request['output'], os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = request['argv']
    try:
        runpy.run_path(sys.argv[0], run_name='__main__')
    except SystemExit as stop:
        if isinstance(stop.code, str):
            sys.stderr.write(stop.code)
            return 1
        return stop.code or 0
    except BaseException:  # noqa: B036  (as the interpreter does)
        traceback.print_exc()
        return 1
    return 0


def skip_slow_services() -> None:
    """Take them out of mmengine, for all commands to come."""
    config_module.FormatCode = lambda text, **kwargs: (text, False)
    runner_module.collect_env = dict


def main() -> int:
    """Serve requests until standard input ends.

    Returns:
        int: Exit code; that of the script in a process that became one.
    """
    skip_slow_services()
    sys.stdout.write('ready\n')
    sys.stdout.flush()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            return become(json.loads(line))
        sys.stdout.write(f'{child}\n')
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f'{os.waitstatus_to_exitcode(status)}\n')
        sys.stdout.flush()
    return 0


if __name__ == '__main__':
    sys.exit(main())
