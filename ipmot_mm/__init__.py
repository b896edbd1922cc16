"""IP-MOT, multiple object tracking with identity prompts, for OpenMMLab."""
from . import compat
from .version import __version__

# Before anything of mmdet is imported, which fails without the ops fallback.
compat.enable()
compat.check_host()

__all__ = ['__version__']
