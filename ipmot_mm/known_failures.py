"""Failures of the machine or of another process, and what to do about them.

Of each the kind of error and the words by which the system, torch, gloo and
NCCL say it; an error that only mentions such words is none.
"""
import re
from typing import NamedTuple, Optional

PEER_FAILED = (
    r'RuntimeError: \[.*gloo.*\] .*(Connection (closed|reset|refused)|'
    r'Broken pipe)|Dist\w*Error: .*(Connection (was )?(closed|reset|refused)|'
    r'Broken pipe|[Rr]emote process exited)|'
    r'RuntimeError: scoring failed on the first rank: ',
    'another process of the group has failed; its message tells the cause')
"""What a process says when another one of its group has failed."""

FAILURES = (
    (r'OutOfMemoryError: |(Runtime|Accelerator)Error: CUDA (error: )?out of '
     r'memory',
     'the GPU has no memory left; docs/configs.md, "Less memory", tells how '
     'to need less'),
    (r'(_Array)?MemoryError: |OSError: \[Errno 12\]|'
     r'error: OpenCV.*Insufficient memory|'
     r'RuntimeError: .*DefaultCPUAllocator: can\'t allocate memory',
     'the machine has no memory left; lower num_workers or batch_size of the '
     'data loader, or end other jobs'),
    (r'RuntimeError: (DataLoader worker .*shared memory|unable to .*</torch_)',
     'the workers of the data loader have no shared memory left; lower '
     'num_workers of the data loader, or enlarge /dev/shm (docker: '
     '--shm-size=8g)'),
    (r'RuntimeError: DataLoader worker .*(killed by signal|exited '
     r'unexpectedly)',
     'a worker of the data loader died, often because the machine had no '
     'memory left; lower num_workers of the data loader'),
    (r'OSError: \[Errno (28|122)\]',
     'the disk is full; make room, then go on with --resume'),
    (r'OSError: \[Errno (5|116)\]',
     'a drive fails or cannot be reached; go on with --resume when it is '
     'there again'),
    (r'OSError: \[Errno 24\]|RuntimeError: received 0 items of ancdata',
     'too many files are open; raise the limit with "ulimit -n 65536", or '
     'lower num_workers of the data loader'),
    (r'(Dist\w*|Runtime)Error: The server socket .*EADDRINUSE',
     'another job uses the port; choose one with PORT=29501 (without the '
     'scripts of tools/: MASTER_PORT)'),
    (r'(Dist\w*|Timeout)Error: .*(clients joined|client socket has (timed '
     r'out|failed))',
     'not all processes came together; see that as many were started as '
     'announced, and that MASTER_ADDR can be reached from all nodes'),
    (r'RuntimeError: .*gloo.*\] Timed out waiting \d+ms for |'
     r'DistBackendError: .*[Cc]ollective operation timeout',
     'waited for another process longer than env_cfg.dist_cfg.timeout; see '
     'what that one says, or does'),
    PEER_FAILED,
)
"""Beginning of ``KIND: TEXT``, and what to tell the user. The first that
suits counts."""

_OF_WORKER = re.compile(r'Caught \w+ in DataLoader worker process \d+\.\n')
_CALL = re.compile(r'^  File "(.+)", line (\d+), in .+$', re.MULTILINE)
# the name of the error begins the first line that is not indented
_NAME_AND_TEXT = re.compile(r'^(?:\w+\.)*(\w+): (.*)',
                            re.MULTILINE | re.DOTALL)


class WorkerError(NamedTuple):
    """What a worker of a data loader met.

    Attributes:
        file (str): Where it was raised.
        line (int): In that file, 1-based.
        kind (str): Name of its class.
        text (str): Its message.
    """
    file: str
    line: int
    kind: str
    text: str


class Failure(NamedTuple):
    """What is known of a failure.

    Attributes:
        line (str): What happened, what to do, and the error's own words.
        is_of_peer (bool): Whether another process tells the cause.
    """
    line: str
    is_of_peer: bool


def find_failure(error: BaseException) -> Optional[Failure]:
    """What a failure from outside means, None for any other error.

    Args:
        error (BaseException): Of any kind, also one that a worker of a data
            loader met and the main process raised anew.

    Returns:
        :obj:`Failure`: Or None.
    """
    text = _describe(error)
    for known in FAILURES:
        if re.match(known[0], text, re.DOTALL):
            return Failure(f'{known[1]} ({text.splitlines()[0]})',
                           known is PEER_FAILED)
    return None


def is_of_worker(error: BaseException) -> bool:
    """Whether torch raised an error of a worker anew in this process."""
    return _OF_WORKER.match(str(error)) is not None


def read_worker_error(error: BaseException) -> Optional[WorkerError]:
    """Find the error of a worker in the traceback that torch makes its text.

    Args:
        error (BaseException): What a data loader raised.

    Returns:
        :obj:`WorkerError`: None for errors of this process, and for those
        without a message.
    """
    text = str(error)
    calls = list(_CALL.finditer(text))
    if not is_of_worker(error) or not calls:
        return None
    found = _NAME_AND_TEXT.search(text, calls[-1].end())
    if found is None:
        return None
    file, line = calls[-1].groups()
    return WorkerError(file, int(line), found[1], found[2].rstrip())


def _describe(error: BaseException) -> str:
    """``KIND: TEXT``; all that the system numbers are of kind OSError."""
    kind, text = type(error).__name__, str(error)
    worker_error = read_worker_error(error)
    if worker_error is not None:
        kind, text = worker_error.kind, worker_error.text
    is_of_system = re.match(r'\[Errno \d+\]', text) and (
        kind.endswith('Error') or kind == 'error')
    return f'{"OSError" if is_of_system else kind}: {text}'
