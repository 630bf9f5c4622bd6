"""How well similarity alone tells persons apart, before any clustering."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import InputError
from castlist.metrics.contingency import contingency

__all__ = ["has_both_pairs", "pair_similarity", "verification_auc"]


def verification_auc(vectors: ArrayLike, truth: ArrayLike) -> float:
    """The chance that a pair of one person is more similar than a pair of two persons, 0 to 1.

    The area under the ROC curve of verification over all pairs, by cosine similarity, ties counting
    half. Unlike the accuracy of a clustering at known K it does not jump when one small person gains or
    loses a cluster of its own, so it is reported beside every accuracy.

    Args:
        vectors: (n, d) one vector per item, for instance the mean embedding of each track.
        truth: (n,) the true person of each item.

    Raises:
        InputError: vectors that are not finite or do not match truth, or no pair of either kind.
    """
    same, other = pair_similarity(vectors, truth)
    if not len(same) or not len(other):
        raise InputError("verification needs two items of one person and items of two persons")
    other = np.sort(other)
    below = np.searchsorted(other, same, side="left").sum(dtype=np.float64)
    level = np.searchsorted(other, same, side="right").sum(dtype=np.float64)
    return float((below + level) / 2 / (len(same) * len(other)))


def has_both_pairs(truth: ArrayLike) -> bool:
    """Whether (n,) persons hold two items of one person and items of two persons, as verification needs."""
    count = np.unique(np.asarray(truth), return_counts=True)[1]
    return len(count) > 1 and int(count.max()) > 1


def pair_similarity(vectors: ArrayLike, truth: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cosine similarities of all pairs of one person, and of all pairs of two persons.

    A vector of length 0 has similarity 0 to every other.
    """
    array = np.asarray(vectors, np.float64)
    table = contingency(truth, np.zeros(len(np.asarray(truth)), int))  # checks the labels
    code = np.searchsorted(table.person, np.asarray(truth))
    if array.ndim != 2 or len(array) != len(code):
        raise InputError(f"vectors must have shape ({len(code)}, d), one row per item, got {array.shape}")
    if not np.isfinite(array).all():
        raise InputError("vectors hold NaN or infinite values; remove those items first")
    length = np.linalg.norm(array, axis=1, keepdims=True)
    unit = array / np.where(length > 0, length, 1)
    row, column = np.triu_indices(len(unit), k=1)
    cosine = np.round((unit @ unit.T)[row, column], 12)  # equal vectors tie in spite of rounding
    match = code[row] == code[column]
    return cosine[match], cosine[~match]
