"""The whole tracker, and those that it is compared with."""
from .ipmot import IPMOT
from .oracle_matching import OracleMatching
from .tracking_by_detection import TrackingByDetection

__all__ = ['IPMOT', 'OracleMatching', 'TrackingByDetection']
