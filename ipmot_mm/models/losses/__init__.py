"""Losses: plain modules from tensors to weighted scalars."""
from .clip_average_loss import ClipAverageLoss, ClipNormaliser, IdentityTexts
from .deduplication_loss import DeduplicationLoss
from .image_text_contrastive_loss import ImageTextContrastiveLoss
from .image_to_text_loss import ImageToTextLoss
from .query_targets import ClipFrame
from .triplet_loss import BatchHardTripletLoss

__all__ = [
    'BatchHardTripletLoss', 'ClipAverageLoss', 'ClipFrame', 'ClipNormaliser',
    'DeduplicationLoss', 'IdentityTexts', 'ImageTextContrastiveLoss',
    'ImageToTextLoss'
]
