"""Times as text."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["decimal", "millis", "stamp"]


def decimal(time: Fraction) -> str:
    """A time as decimal seconds, rounded to the microsecond."""
    micro = round(time * 1_000_000)
    sign = "-" if micro < 0 else ""
    return f"{sign}{abs(micro) // 1_000_000}.{abs(micro) % 1_000_000:06d}"


def millis(start: Fraction, stop: Fraction) -> tuple[int, int]:
    """A span in whole milliseconds, not before 0 and at least one long."""
    begin = max(0, round(start * 1000))
    return begin, max(begin + 1, round(stop * 1000))


def stamp(milliseconds: int, point: str = ".") -> str:
    """hh:mm:ss.ttt; hours may have more than two digits."""
    rest, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(rest, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{point}{thousandths:03d}"
