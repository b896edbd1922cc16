"""Fast reader of text that holds nothing but numbers and commas."""
import io
from typing import Optional

import numpy as np
import scipy
from numpy import ndarray
from packaging.version import Version

_DIGITS = b'0123456789'
_COMMA_TO_LINE_END = bytes.maketrans(b',', b'\n')
_MIN_BYTES = 2**16
"""Of less text the import of SciPy's readers takes longer than it saves."""

_HAS_FAST_READER = Version(scipy.__version__) >= Version('1.12')
"""Earlier ones read numbers in Python, more slowly than ``np.loadtxt``."""


def read_plain_numbers(data: bytes) -> Optional[ndarray]:
    """Numbers of a text whose rows are all alike.

    SciPy's reader of Matrix Market files takes a quarter of the time of
    ``np.loadtxt`` for the same numbers: each is the float64 nearest to its
    text with both. It looks at no row as a whole and stops at the first
    character which does not belong to a number, so that here all else is
    checked before.

    Args:
        data (bytes): Lines of numbers with commas in between. A number has
            an optional minus, digits, and at most one decimal point.

    Returns:
        ndarray: The numbers, float64, has shape (num_rows, num_columns).
        None for any other text and for a short one, which are for a reader
        that says what is wrong.
    """
    if len(data) < _MIN_BYTES or not _HAS_FAST_READER:
        return None
    if not data.endswith(b'\n'):
        data += b'\n'
    num_rows = data.count(b'\n')
    row = b',' * data.count(b',', 0, data.index(b'\n')) + b'\n'
    # The transposed matrix, which comes column by column, a number a line
    text = ('%%MatrixMarket matrix array real general\n'
            f'{len(row)} {num_rows}\n').encode()
    text += data.translate(_COMMA_TO_LINE_END)
    marks = data.translate(None, _DIGITS)
    if (marks.translate(None, b'-.') != row * num_rows or b'..' in marks
            or data.count(b'-') != text.count(b'\n-')):
        # Rows differ in length, something is no number, a number has two
        # points, or a minus that is not its first character
        return None
    from scipy.io import mmread
    try:
        return np.asarray(mmread(io.BytesIO(text))).T
    except (ValueError, OverflowError, RuntimeError):
        # an empty cell, or a sign or a point without a digit
        return None
