"""Studies: rows of a table, trained and tested over seeds and compared."""
from .command import run_study
from .definition import read_study
from .plan import make_plan
from .table import render_tables

__all__ = ['make_plan', 'read_study', 'render_tables', 'run_study']
