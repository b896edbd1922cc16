"""What today's torch, numpy and setuptools need of the OpenMMLab host.

One file per trap; each names its trap and when it can go. All fixes are safe
to apply twice, wait for the import of what they change, and are switched off
by the environment variable ``IPMOT_COMPAT=0``.
"""
import logging
import os

from .backbone_checkpoint import install_backbone_checkpoint
from .checkpoint import install_checkpoint_loader
from .checkpoint_writer import install_checkpoint_writer
from .dist import install_cpu_launcher
from .ext import install_ops_fallback
from .host_check import check_host
from .log_files import install_log_files
from .packages import install_package_lookup
from .torchvision_ops import install_torchvision_schemas
from .track_inference import install_track_inference
from .warning_filters import install_warning_filters

__all__ = ['check_host', 'enable']

_FIXES = (install_ops_fallback, install_package_lookup,
          install_checkpoint_loader, install_cpu_launcher,
          install_torchvision_schemas, install_warning_filters,
          install_backbone_checkpoint, install_checkpoint_writer,
          install_log_files, install_track_inference)


def enable() -> None:
    """Apply every fix, unless ``IPMOT_COMPAT=0``."""
    if os.environ.get('IPMOT_COMPAT', '1') == '0':
        return
    for fix in _FIXES:
        fix()
    logging.getLogger('ipmot_mm').debug(
        'applied: %s', ', '.join(fix.__name__ for fix in _FIXES))
