"""One-to-many matching in the decoder layers before the last ones."""
from .hybrid_assigner import HybridAssigner

__all__ = ['HybridAssigner']
