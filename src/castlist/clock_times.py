"""Times in a film, as the terminal, the report and the sheets write them."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["clock_span", "clock_time", "how_long"]

MINUTE = 60  # seconds; longer times are hard to read as a number of seconds


def clock_time(seconds: Fraction | float) -> str:
    """Hours, minutes and seconds to the tenth, as in 0:04.7 or 1:02:03.4."""
    tenths = round(float(seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest / 10:04.1f}" if hours else f"{minutes}:{rest / 10:04.1f}"


def how_long(seconds: Fraction | float) -> str:
    """A duration to the tenth of a second: 12.3 s, from one minute on 1:02.3 or 1:02:03.4."""
    tenths = round(float(seconds) * 10)
    return f"{tenths / 10:.1f} s" if tenths < MINUTE * 10 else clock_time(seconds)


def clock_span(start: Fraction | float, stop: Fraction | float) -> str:
    """Start and end to the tenth of a second: 1.0–3.5 s, from one minute on 0:58.0–1:02.3."""
    if round(float(stop) * 10) < MINUTE * 10:
        return f"{float(start):.1f}–{float(stop):.1f} s"
    return f"{clock_time(start)}–{clock_time(stop)}"
