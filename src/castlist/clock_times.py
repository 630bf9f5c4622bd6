"""Times of a film as readers see them everywhere: in the terminal, the report, the sheets."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["clock_time"]


def clock_time(seconds: Fraction | float) -> str:
    """Hours, minutes and seconds to the tenth, as in 0:04.7 or 1:02:03.4."""
    tenths = round(float(seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest / 10:04.1f}" if hours else f"{minutes}:{rest / 10:04.1f}"
