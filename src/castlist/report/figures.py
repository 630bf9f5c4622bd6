"""Figures as numbers and SVG paths: histograms, reliability, timeline lanes, co-occurrence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast, Person

__all__ = [
    "Histogram",
    "PairCosines",
    "Separation",
    "histograms",
    "lane",
    "milliseconds",
    "presence",
    "shot_strip",
    "ticks",
]

BINS = 40  # of a histogram of cosines from -1 to 1
PLOT = (360, 170)  # width and height of a plot's area in SVG units
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000)  # seconds


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shares of pairs by cosine, as a closed SVG path in a plot's area."""

    path: str
    pairs: int
    mean: float
    mean_x: float  # position of the mean in the plot


@dataclass(frozen=True, slots=True)
class Separation:
    """Positive and negative pairs in one plot."""

    title: str
    positive: Histogram
    negative: Histogram
    overlap: float  # 0: disjoint, 1: the same distribution


class PairCosines(NamedTuple):
    """Cosines of pairs of tracks for one plot."""

    title: str
    positive: NDArray[np.float32]  # (p,) of one person
    negative: NDArray[np.float32]  # (n,) of two people


def histograms(pairs: Sequence[PairCosines]) -> Figure | None:
    """Plots of cosines on common axes; None without pairs."""
    kept = [(title, _finite(p), _finite(n)) for title, p, n in pairs]
    kept = [(title, p, n) for title, p, n in kept if len(p) and len(n)]
    if not kept:
        return None
    every = np.concatenate([a for _, p, n in kept for a in (p, n)])
    low = max(-1.0, np.floor(every.min() * 5) / 5)
    edges = np.linspace(low, 1.0, BINS + 1)
    shares = [(_share(p, edges), _share(n, edges)) for _, p, n in kept]
    top = max(float(max(a.max(), b.max())) for a, b in shares)
    plots = tuple(
        Separation(title, _draw(p, a, low, top), _draw(n, b, low, top), float(np.minimum(a, b).sum()))
        for (title, p, n), (a, b) in zip(kept, shares, strict=True)
    )
    step = 0.5 if 1 - low > 1.2 else 0.2
    marks = np.arange(np.ceil(low / step - 1e-9) * step, 1 + 1e-9, step)
    return Figure(plots, tuple((float(_x(m, low)), f"{m:.1f}".replace("-0.0", "0.0")) for m in marks), top)


@dataclass(frozen=True, slots=True)
class Figure:
    """Plots side by side on the same axes."""

    plots: tuple[Separation, ...]
    marks: tuple[tuple[float, str], ...]  # x in the plot, label
    top: float  # share of pairs at the top of the plot


def _finite(values: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.clip(values[np.isfinite(values)].astype(np.float64), -1, 1)


def _share(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.histogram(values, edges)[0] / len(values)


def _x(value: float, low: float) -> float:
    return round(float((value - low) / (1 - low) * PLOT[0]), 2)


def _draw(values: NDArray[np.float64], share: NDArray[np.float64], low: float, top: float) -> Histogram:
    width, height = PLOT
    step = width / len(share)
    path = [f"M0 {height}"]
    for i, value in enumerate(share):
        path.append(f"V{height * (1 - value / top):.1f}H{(i + 1) * step:.1f}")
    return Histogram("".join(path) + f"V{height}z", len(values), float(values.mean()), _x(values.mean(), low))


def milliseconds(time: Fraction | float) -> int:
    """A time in whole milliseconds: the unit of the timeline's drawings."""
    return round(time * 1000)


def lane(person: Person) -> str:
    """A person's appearances as boxes in an SVG path, x in milliseconds, 0 to 10 in height."""
    boxes = []
    for stay in person.appearances:
        start, stop = milliseconds(stay.start), milliseconds(stay.stop)
        width = max(1, stop - start)
        boxes.append(f"M{start} 0h{width}v10h-{width}z")
    return "".join(boxes)


def shot_strip(cast: Cast) -> str:
    """Every other shot as a box in an SVG path: in the strip, each change of shade is a cut."""
    boxes = []
    for start, stop in zip(cast.shots.start[1::2].tolist(), cast.shots.stop[1::2].tolist(), strict=True):
        a, b = milliseconds(cast.clock.time(start)), milliseconds(cast.clock.time(stop))
        boxes.append(f"M{a} 0h{b - a}v10h-{b - a}z")
    return "".join(boxes)


def ticks(duration: float) -> list[tuple[float, float]]:
    """Round times in a film as (percent of its length, seconds), at most eight."""
    if duration <= 0:
        return [(0.0, 0.0)]
    step = next((s for s in STEPS if duration / s <= 8), STEPS[-1] * ceil(duration / STEPS[-1] / 8))
    return [(round(100 * t / duration, 3), t) for t in np.arange(0, duration, step).tolist()]


def presence(cast: Cast, people: Sequence[Person]) -> NDArray[np.float64]:
    """(n, n) seconds that two people are on screen together; on the diagonal, the person's own time."""
    clock, tracks = cast.clock, cast.tracks
    if not len(clock):
        return np.zeros((len(people), len(people)))
    present = np.zeros((len(people), len(clock)), np.float32)
    for row, person in enumerate(people):
        for track in person.tracks:
            present[row, tracks.frame[tracks.rows(track)]] = 1
    shown = np.diff(clock.pts, append=clock.pts[-1] + clock.tick()) * float(clock.unit)
    return np.asarray((present * shown.astype(np.float32)) @ present.T, np.float64)
