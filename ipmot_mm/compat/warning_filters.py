"""Trap: warnings of the host about itself, which a user cannot act on.

torch announces a changed default of ``torch.meshgrid`` at mmdet's calls of
it; the default has not changed, and mmdet means the present one.

Can go: when mmdet passes ``indexing``.
"""
import warnings


def install_warning_filters() -> None:
    """Silence exactly the messages named above."""
    warnings.filterwarnings(
        'ignore',
        message=r'torch\.meshgrid: in an upcoming release',
        category=UserWarning)
