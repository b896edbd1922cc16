"""How fast the parts of the package are, and on what machine.

One module measures one part and returns plain numbers;
``tools/analysis_tools/benchmark.py`` prints them.
"""
from .evaluation import measure_evaluation
from .feeding import measure_feeding
from .loader import build_loader, measure_loader, measure_stages
from .machine import describe_machine, one_thread
from .pillow_chain import pillow_pipeline

__all__ = [
    'build_loader', 'describe_machine', 'measure_evaluation',
    'measure_feeding', 'measure_loader', 'measure_stages', 'one_thread',
    'pillow_pipeline'
]
