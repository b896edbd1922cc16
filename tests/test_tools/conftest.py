"""Tools as a user calls them, but without a process each."""
import importlib.util
from pathlib import Path
from typing import Callable

import pytest

TOOLS = Path(__file__).resolve().parents[2] / 'tools'


@pytest.fixture(scope='module')
def tool(request):
    """The module of the tool that ``TOOL`` of the test file names: a process
    each would take seconds."""
    path = TOOLS / request.module.TOOL
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def call(tool, capsys) -> Callable:
    """``call(*args)``: exit code, standard output and standard error."""

    def run(*args):
        try:
            code = tool.main([str(arg) for arg in args])
        except SystemExit as stop:  # of argparse
            code = stop.code
        return code, *capsys.readouterr()

    return run
