"""Encoder, decoders, norms, deduplication module and query updaters."""
from .deduplication_module import DeduplicationModule
from .deformable_decoder import (DABDeformableDecoder, DecodedQueries,
                                 DeformableDecoder)
from .deformable_encoder import DeformableEncoder
from .frozen_batch_norm import FrozenBatchNorm2d
from .query_updater import (IdentityUpdater, MemoryQueryUpdater,
                            PositionalQueryUpdater, QueryUpdater)

__all__ = [
    'DABDeformableDecoder', 'DecodedQueries', 'DeduplicationModule',
    'DeformableDecoder', 'DeformableEncoder', 'FrozenBatchNorm2d',
    'IdentityUpdater', 'MemoryQueryUpdater', 'PositionalQueryUpdater',
    'QueryUpdater'
]
