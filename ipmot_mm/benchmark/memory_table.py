"""Which training fits which card."""
from typing import Dict, List, NamedTuple, Optional, Sequence

from .memory import LEVELS

CARDS = (8, 12, 24, 40, 80)
"""Memory of common cards, GiB."""
RESERVE_BYTES, RESERVE_SHARE = 2**30, 0.1
"""Assumed to be taken beside tensors: by the CUDA context and the libraries,
and by gaps of torch's allocator as a share of the tensors."""
MIB = 2**20


class Peak(NamedTuple):
    """Most bytes of one iteration.

    Attributes:
        level (str): Of ``LEVELS``.
        batch_size (int): Clips.
        num_frames (int): Clip length T.
        size (int): Bytes.
    """
    level: str
    batch_size: int
    num_frames: int
    size: int


def fits(size: int, card: int) -> bool:
    """Whether tensors and the assumed reserve fit a card.

    Args:
        size (int): Bytes of tensors.
        card (int): GiB of the card.
    """
    return size * (1 + RESERVE_SHARE) + RESERVE_BYTES <= card * 2**30


def largest(peaks: Sequence[Peak], card: int, level: str) -> Optional[Peak]:
    """The training with the most frames per iteration that fits a card.

    Args:
        peaks (sequence[:obj:`Peak`]): To choose from.
        card (int): GiB of the card.
        level (str): Of ``LEVELS``.

    Returns:
        :obj:`Peak` | None: Of several with as many frames the one with the
        longest clips; None if none fits.
    """
    candidates = [
        peak for peak in peaks
        if peak.level == level and fits(peak.size, card)
    ]
    return max(
        candidates,
        key=lambda peak: (peak.batch_size * peak.num_frames, peak.num_frames),
        default=None)


def format_peaks(peaks: Sequence[Peak]) -> str:
    """One table of MiB for each batch size."""
    lines: List[str] = []
    lengths = sorted({peak.num_frames for peak in peaks})
    sizes: Dict[tuple, int] = {peak[:3]: peak.size for peak in peaks}
    for batch_size in sorted({peak.batch_size for peak in peaks}):
        title = f'{batch_size} clip{"s" * (batch_size > 1)}, recomputed'
        lines.append(f'{title:28s}' + ''.join(f'{f"T={length}":>9s}'
                                              for length in lengths))
        for level in _levels(peaks):
            lines.append(f'{level:28s}' + ''.join(
                f'{sizes[level, batch_size, length] / MIB:9.0f}'
                for length in lengths))
    return '\n'.join(lines)


def format_cards(peaks: Sequence[Peak]) -> str:
    """The largest training for each card and level."""
    levels = _levels(peaks)
    lines = [f'{"fits, recomputed":28s}' + ''.join(f'{f"{card} GB":>9s}'
                                                   for card in CARDS)]
    for level in levels:
        found = [largest(peaks, card, level) for card in CARDS]
        lines.append(f'{level:28s}' + ''.join(
            '{:>9s}'.format('-' if peak is None else
                            f'{peak.batch_size} x T={peak.num_frames}')
            for peak in found))
    return '\n'.join(lines)


def _levels(peaks: Sequence[Peak]) -> List[str]:
    present = {peak.level for peak in peaks}
    return [level for level in LEVELS if level in present]
