"""Whitening (WCCN) on the film's own people: a space in which the tracks of a person lie closer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.group_linkage import Scale
from castlist.cluster.likeness import Likeness
from castlist.vectors import group_sums, unit

__all__ = ["measure", "whiten", "whitened"]

SMALLEST = 3  # tracks of a group from which its scatter counts
PSEUDO_PAIRS = 20  # weight of the prior scale, in pairs of tracks


def whiten(mean: NDArray[np.float32], label: NDArray[np.int64]) -> NDArray[np.float32]:
    """(t, d) unit vectors whose scatter within the groups is even in all directions.

    Within-class covariance normalisation (WCCN), shrunk towards an even scatter, the more so the fewer tracks
    there are for the dimensions; a short clip hardly changes.  [Hatch, Kajarekar, Stolcke, Interspeech 2006]
    """
    d = mean.shape[1]
    x = mean.astype(np.float64)
    count = np.bincount(label)
    centre = np.zeros((len(count), d))
    np.add.at(centre, label, x)
    centre /= count[:, None]
    large = (count >= SMALLEST)[label]
    weight = np.sqrt(count / np.maximum(count - 1, 1))[label[large]]
    part = (x[large] - centre[label[large]]) * weight[:, None]
    if not part.any():
        return mean
    within = part.T @ part / len(part)
    freedom = len(part) - len(np.unique(label[large]))
    even = d / (freedom + d)
    within = (1 - even) * within + even * np.trace(within) / d * np.eye(d)
    value, axis = np.linalg.eigh(within)
    return unit(((x @ axis) / np.sqrt(value)).astype(np.float32))


def whitened(likeness: Likeness, label: NDArray[np.int64]) -> NDArray[np.float32]:
    """(t, t) likeness with every view whitened by the groups."""
    return likeness.each(lambda view: whiten(_turned(view), label)).matrix()


def _turned(view: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors in at most as many dimensions as there are tracks; no cosine changes."""
    if len(view) >= view.shape[1]:
        return view
    left, size, _ = np.linalg.svd(view, full_matrices=False)
    return np.asarray(left * size, np.float32)


def measure(cosine: NDArray[np.float32], label: NDArray[np.int64], prior: Scale) -> Scale:
    """The scale of cosines within and between groups, mixed with a prior; large groups do not dominate it."""
    g = int(label.max()) + 1
    n = np.bincount(label).astype(np.float64)
    cross = group_sums(group_sums(cosine, label, g).T, label, g).astype(np.float64)
    square = group_sums(group_sums(cosine**2, label, g).T, label, g).astype(np.float64)
    inside = np.diagonal(cross).sum() - np.diagonal(cosine).sum()
    pairs = (n * (n - 1)).sum()
    same = (inside + 2 * PSEUDO_PAIRS * prior.same) / (pairs + 2 * PSEUDO_PAIRS)
    weight = np.sqrt(np.outer(n, n))
    np.fill_diagonal(weight, 0)
    total = weight.sum() / 2 + PSEUDO_PAIRS
    each = cross / np.outer(n, n)
    other = ((weight * each).sum() / 2 + PSEUDO_PAIRS * prior.other) / total
    variance = square / np.outer(n, n) - 2 * other * each + other**2
    spread = np.sqrt(((weight * variance).sum() / 2 + PSEUDO_PAIRS * prior.spread**2) / total)
    return replace(prior, same=float(max(same, other + 0.05)), other=float(other), spread=float(spread))
