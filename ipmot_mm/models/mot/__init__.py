"""The whole tracker."""
from .ipmot import IPMOT

__all__ = ['IPMOT']
