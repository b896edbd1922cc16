"""Train and test all rows of a study over its seeds, and print its tables.

See docs/studies.md. A second call does what the first one left.

Example:
    python tools/analysis_tools/run_study.py smoke --jobs 2
    python tools/analysis_tools/run_study.py smoke --table
"""
import sys
from typing import List, Optional

# first: it prepares mmengine and mmdet for today's torch
from ipmot_mm.study import run_study
from ipmot_mm.user_errors import run_tool


def main(argv: Optional[List[str]] = None) -> int:
    """Run a study, or say in one line why not."""
    return run_tool(run_study, argv)


if __name__ == '__main__':
    sys.exit(main())
