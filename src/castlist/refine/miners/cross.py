"""Pairs across tracks that are likely one person: reciprocal nearest neighbours in the base features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["FACES", "reciprocal_partners"]

FACES = 8  # most faces of each track that are compared: the cost grows with the square of their number
BLOCK = 1024  # rows of a block of the product: 4 MB of cosines, which fit into a processor's cache

Ints = NDArray[np.int64]


def reciprocal_partners(x: NDArray[np.float32], track: Ints, cannot: Ints) -> Ints:
    """(n,) each row's nearest row of another track, where both are each other's nearest; else -1.

    Args:
        x: (n, d) float32 features; compared by cosine.
        track: (n,) the track 0 ... t - 1 of each row.
        cannot: (q, 2) pairs of tracks known to be two people: never partners.
    """
    rows = _evenly(track)
    unit = x[rows] / np.maximum(np.linalg.norm(x[rows], axis=1, keepdims=True), np.finfo(np.float32).tiny)
    apart = _apart(track, cannot)
    nearest = np.concatenate(
        [_nearest(unit, track[rows], apart, start) for start in range(0, len(rows), BLOCK)]
        or [np.zeros(0, np.int64)]
    )
    partner = np.full(len(x), -1)
    found = np.flatnonzero(nearest >= 0)
    mutual = found[nearest[nearest[found]] == found]
    partner[rows[mutual]] = rows[nearest[mutual]]
    return partner


def _evenly(track: Ints) -> Ints:
    """At most FACES rows of each track, evenly spaced over its rows."""
    order = np.argsort(track, kind="stable")
    size = np.bincount(track)
    start = np.cumsum(size) - size
    chosen = [s + np.unique(np.linspace(0, n - 1, min(n, FACES)).round().astype(int))
              for s, n in zip(start.tolist(), size.tolist(), strict=True) if n]  # fmt: skip
    return np.sort(order[np.concatenate([*chosen, np.zeros(0, np.int64)])])


def _apart(track: Ints, cannot: Ints) -> list[Ints]:
    """For each track, the track itself and its cannot-linked tracks."""
    count = int(track.max(initial=-1)) + 1
    itself = np.arange(count)
    pairs = np.unique(np.concatenate([np.stack([itself, itself], 1), cannot, cannot[:, ::-1]]), axis=0)
    return np.split(pairs[:, 1], np.searchsorted(pairs[:, 0], np.arange(1, count)))


def _nearest(unit: NDArray[np.float32], track: Ints, apart: list[Ints], start: int) -> Ints:
    """For a block of rows from `start` on, the nearest row of an allowed track; -1 for none."""
    cosine = unit[start : start + BLOCK] @ unit.T
    for current in np.unique(track[start : start + BLOCK]).tolist():
        rows = np.flatnonzero(track[start : start + BLOCK] == current)
        cosine[np.ix_(rows, np.flatnonzero(np.isin(track, apart[current])))] = -np.inf
    best = cosine.argmax(1)
    reached = cosine[np.arange(len(best)), best] > -np.inf
    return np.where(reached, best, -1)
