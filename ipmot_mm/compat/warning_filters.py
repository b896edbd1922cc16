"""Trap: warnings of the host about itself, which a user cannot act on.

torch announces a changed default of ``torch.meshgrid`` at mmdet's calls of
it; the default has not changed, and mmdet means the present one. torch 2.13
announces another name for ``broadcast_buffers`` of its DDP, which mmengine
passes on; older versions do not know the new name, and it does not do the same
at the start. torch also says of ``pin_memory`` that there is no accelerator
to copy to; the setting is right for every other machine.

Can go: when mmdet passes ``indexing``, and mmengine the new name; the last
one never.
"""
import warnings


def install_warning_filters() -> None:
    """Silence exactly the messages named above."""
    warnings.filterwarnings(
        'ignore',
        message=r'torch\.meshgrid: in an upcoming release',
        category=UserWarning)
    warnings.filterwarnings(
        'ignore',
        message=r'`broadcast_buffers` is deprecated',
        category=FutureWarning)
    warnings.filterwarnings(
        'ignore',
        message=r"'pin_memory' argument is set as true but no accelerator",
        category=UserWarning)
