"""A timeline of a cast, drawn by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist.errors import InputError
from castlist.extras import needed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from castlist.cast import Cast

__all__ = ["timeline"]

SHOWN = 24  # people


def timeline(cast: Cast, ax: Axes | None = None, shown: int = SHOWN) -> Axes:
    """A lane for each person with a bar for each appearance, in seconds; returns the axes.

    Args:
        ax: matplotlib axes; default: new axes.
        shown: most people, most prominent first.

    Raises:
        InputError: ax is not matplotlib axes.
        MissingExtra: matplotlib is not installed.
    """
    if ax is None:
        with needed("a timeline", "plots"):
            from matplotlib.figure import Figure
        rows = max(1, min(shown, len(cast.people)))
        ax = Figure(figsize=(10, 0.6 + 0.32 * rows), layout="constrained").subplots()
    if not hasattr(ax, "broken_barh"):
        raise InputError(f"ax must be axes of matplotlib, got {type(ax).__name__}")
    people = cast.people[:shown]
    for row, person in enumerate(people):
        bars = [(float(a.start), float(a.duration)) for a in person.appearances]
        ax.broken_barh(bars, (row - 0.36, 0.72), facecolors=f"C{row % 10}")
    ax.set_yticks(range(len(people)), [p.name.replace("$", r"\$") for p in people])
    ax.set_ylim(len(people) - 0.4, -0.6)
    begin = float(cast.clock.time(0))
    ax.set_xlim(begin, begin + max(float(cast.whole), 1e-9))
    ax.set_xlabel("seconds")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax
