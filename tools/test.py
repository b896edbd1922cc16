"""Test a tracker; see ``python tools/test.py -h``."""
import sys

# first: it prepares mmengine and mmdet for today's torch
from ipmot_mm.cli import run

if __name__ == '__main__':
    sys.exit(run('test'))
