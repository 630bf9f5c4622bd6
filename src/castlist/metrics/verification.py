"""Verification: how well similarity alone separates pairs of one person from pairs of two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import InputError
from castlist.metrics.checked import as_array, finite_rows
from castlist.metrics.contingency import person_numbers
from castlist.vectors import unit

__all__ = ["has_both_pairs", "pair_similarity", "verification_auc"]

Floats = NDArray[np.float64]

EXACT = 1 << 23  # pairs up to which all are sorted, those of 4,096 items: 67 MB; of more, steps are counted
STEPS = 1 << 20  # steps of the cosine between 0 and 1; pairs within a step tie
SIDE = 2048  # rows and columns of the block of cosines held at a time: 34 MB


def verification_auc(vectors: ArrayLike, truth: ArrayLike) -> float:
    """The probability that a pair of one person is more similar than a pair of two persons, 0 to 1.

    It is the area under the ROC curve of verification over all pairs, by cosine similarity; ties count half.
    Unlike the accuracy of a clustering with known K it does not jump when one rare person gains or loses a
    cluster, so it is reported with every accuracy.

    Memory does not grow with the number of pairs: for more than `EXACT` pairs, the cosines are counted in
    `STEPS` steps from 0 to 1, and pairs within one step tie. The result is then the same to about six digits.

    Args:
        vectors: (n, d) one vector per item, for instance the mean embedding of each track.
        truth: (n,) the true person of each item.

    Raises:
        InputError: vectors are not finite or do not match truth, or there are no pairs of either kind.
    """
    unit, code = _checked(vectors, truth)
    if not has_both_pairs(code):
        raise InputError("verification needs two items of one person and items of two persons")
    pairs = len(code) * (len(code) - 1) // 2
    return _sorted_auc(unit, code) if pairs <= EXACT else _counted_auc(unit, code)


def _sorted_auc(unit: Floats, code: NDArray[np.int64]) -> float:
    """The area, from sorted pairs."""
    same, other = _similarity(unit, code)
    other.sort()
    below = np.searchsorted(other, same, side="left").sum(dtype=np.float64)
    level = np.searchsorted(other, same, side="right").sum(dtype=np.float64)
    return float((below + level) / 2 / (len(same) * len(other)))


def _counted_auc(unit: Floats, code: NDArray[np.int64]) -> float:
    """The area, from pairs counted by steps of their cosine."""
    same, other = np.zeros(2 * STEPS + 1, np.int64), np.zeros(2 * STEPS + 1, np.int64)
    for cosine, match in _blocks(unit, code):
        step = np.rint((np.clip(cosine, -1, 1) + 1) * STEPS).astype(np.int64)
        same += np.bincount(step[match], minlength=len(same))
        other += np.bincount(step[~match], minlength=len(other))
    below = np.cumsum(other) - other / 2
    return float(same @ below / (float(same.sum()) * float(other.sum())))


def has_both_pairs(truth: ArrayLike) -> bool:
    """Whether there are two items of one person, and items of two persons, as verification needs."""
    count = np.bincount(person_numbers(truth)) if as_array(truth, "truth").size else np.zeros(0, int)
    return len(count) > 1 and int(count.max()) > 1


def pair_similarity(vectors: ArrayLike, truth: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cosine similarities of all pairs of one person, and of all pairs of two persons.

    A vector of length 0 has similarity 0 to all others.
    """
    return _similarity(*_checked(vectors, truth))


def _similarity(unit: Floats, code: NDArray[np.int64]) -> tuple[Floats, Floats]:
    parts = [(cosine[match], cosine[~match]) for cosine, match in _blocks(unit, code)]
    same, other = zip((np.zeros(0), np.zeros(0)), *parts, strict=True)
    return np.concatenate(same), np.concatenate(other)


def _blocks(unit: Floats, code: NDArray[np.int64]) -> Iterator[tuple[Floats, NDArray[np.bool_]]]:
    """(m,) cosines of pairs, and (m,) whether each pair is one person; each pair of rows occurs once."""
    for top in range(0, len(unit), SIDE):
        for left in range(top, len(unit), SIDE):
            rows, columns = slice(top, top + SIDE), slice(left, left + SIDE)
            cosine = np.round(unit[rows] @ unit[columns].T, 12)  # equal vectors tie in spite of rounding
            match = code[rows, None] == code[columns]
            if top == left:
                later = np.triu(np.ones(cosine.shape, bool), 1)
                yield cosine[later], match[later]
            else:
                yield cosine.ravel(), match.ravel()


def _checked(vectors: ArrayLike, truth: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:
    """(n, d) the vectors at length 1 and (n,) a number for each person."""
    code = person_numbers(truth)
    array = finite_rows(vectors, len(code))
    return unit(array), np.asarray(code, np.int64)
