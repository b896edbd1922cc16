"""Query detectors: frames to memory, memory and queries to predictions."""
from .dab_deformable_detector import DABDeformableDetector
from .deformable_detector import DeformableDetector
from .query_detector import QueryDetector

__all__ = ['DABDeformableDetector', 'DeformableDetector', 'QueryDetector']
