"""Questions, in the order of the number of faces that an answer is expected to put right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.review.base import Base
from castlist.review.view import View
from castlist.types import NOISE, PERSON

__all__ = ["Question", "questions"]

STRAY = 0.05  # share of two people's cannot-links that may be stray tracks
TOO_SURE = 0.02  # a pair less likely than this is not worth a question
OTHERS = 3
SURENESS = 0.8  # a scene's light and pose make its tracks err together
BACKGROUND_WORTH = 0.25  # a face of the background, in faces of the cast


@dataclass(frozen=True, slots=True)
class Question:
    """Whether two tracks show one person."""

    kind: str  # "same": two people, or "belongs": a track and the rest of its person
    a: int  # a track of the one, the best to look at
    b: int  # a track of the other
    gain: float  # faces expected to be put right
    probability: float  # that they are one person
    others: tuple[int, ...] = ()  # best tracks of those whom the first may be instead, likeliest first


def questions(base: Base, view: View, limit: int = 20) -> list[Question]:
    """The most useful questions that no decision answers yet, the most useful first."""
    groups = len(view.groups)
    if not groups:
        return []
    live = np.flatnonzero(view.label >= 0)
    vector = np.zeros((groups, base.vector.shape[1]))
    np.add.at(vector, view.label[live], base.vector[live])
    sums = _Sums(base, vector, np.bincount(view.label[live], minlength=groups).astype(np.float64))
    found = [*_pairs(base, view, sums, limit), *_strays(base, view, sums, limit)]
    found.sort(key=lambda q: (-q.gain, q.a, q.b))
    return found[:limit]


class _Sums:
    """Sums of vectors over groups, and the evidence that they give."""

    def __init__(self, base: Base, total: NDArray[np.float64], count: NDArray[np.float64]) -> None:
        from castlist.cluster.persons import Scale

        self.total, self.count = total, count
        self.scale = Scale(*base.scale.tolist())
        self.square = (total**2).sum(axis=1)
        self.level = self.scale.level(np.maximum(self.square - count, 0), count)
        self.length = np.sqrt(np.maximum(self.square, 1e-9)) / count

    def pairs(self) -> NDArray[np.float64]:
        """(g, g) probability that two groups are one person."""
        cosine = self.total @ self.total.T / np.outer(self.count, self.count)
        odds = self.scale.log_odds(
            cosine, np.outer(self.level, self.level), np.outer(self.length, self.length)
        )
        return _probability(odds)


def _probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -50, 50))))


def _worth(base: Base, view: View) -> NDArray[np.float64]:
    """(t,) what it is worth to have a track right: its faces."""
    return np.asarray(base.tracks.size * np.where(view.fate == PERSON, 1.0, BACKGROUND_WORTH), np.float64)


def _shut(base: Base, view: View) -> NDArray[np.bool_]:
    """(g, g) pairs of people about whom nothing is to be asked."""
    groups = len(view.groups)
    shut = np.eye(groups, dtype=np.bool_)
    for pairs in (view.said.cannot, view.said.unsure):
        ends = view.label[pairs]
        ends = ends[(ends >= 0).all(axis=1)]
        shut[ends[:, 0], ends[:, 1]] = shut[ends[:, 1], ends[:, 0]] = True
    ends = view.label[base.cannot]
    ends = ends[(ends >= 0).all(axis=1) & (ends[:, 0] != ends[:, 1])]
    met = np.zeros((groups, groups))
    np.add.at(met, (ends[:, 0], ends[:, 1]), 1)
    met += met.T
    total = met.sum(axis=1)
    return np.asarray(shut | (met > STRAY * np.minimum(total[:, None], total)), np.bool_)


def _best(base: Base, view: View) -> NDArray[np.int64]:
    """(g,) the track of each group with the best picture, else with most faces."""
    rank = base.tracks.size / (1.0 + base.tracks.size.max(initial=1)) - 1.0
    p = base.portraits
    np.maximum.at(rank, p.track, p.quality.astype(np.float64))
    return np.array([g.tracks[rank[g.tracks].argmax()] for g in view.groups], np.int64)


def _pairs(base: Base, view: View, sums: _Sums, limit: int) -> list[Question]:
    probability = sums.pairs()
    worth = np.bincount(view.label[view.label >= 0], _worth(base, view)[view.label >= 0])
    gain = probability * np.minimum(worth[:, None], worth)
    gain[_shut(base, view) | (probability < TOO_SURE)] = 0
    gain = np.triu(gain, 1)
    top = np.argsort(-gain, axis=None, kind="stable")[:limit]
    best = _best(base, view)
    rows, columns = np.unravel_index(top, gain.shape)
    return [
        Question("same", int(best[i]), int(best[j]), float(gain[i, j]), float(probability[i, j]))
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
        if gain[i, j] > 0
    ]


def _strays(base: Base, view: View, sums: _Sums, limit: int) -> list[Question]:
    """Tracks that may not belong where they are, each with the people it may belong to instead."""
    told = np.zeros(len(view.label), np.bool_)
    told[view.said.must.ravel()] = told[view.said.unsure.ravel()] = True
    rows = np.flatnonzero((view.label >= 0) & ~told & base.vector.any(axis=1))
    rows = rows[sums.count[view.label[rows]] > 1]
    if not len(rows):
        return []
    never = {(int(t), int(view.label[u])) for p in view.said.cannot.tolist() for t, u in (p, p[::-1])}
    probability = np.concatenate([_belonging(base, view, sums, part)[0] for part in _pieces(rows)])
    gain = (1 - probability) * _worth(base, view)[rows]
    rest, best = _best_of_rest(base, view), _best(base, view)
    found = []
    for i in np.argsort(-gain, kind="stable")[:limit].tolist():
        track = int(rows[i])
        if probability[i] < 1 - TOO_SURE:
            odds = _belonging(base, view, sums, rows[i : i + 1])[1][0]
            order = [k for k in np.argsort(-odds).tolist() if k != view.label[track]]
            others = tuple(int(best[k]) for k in order if (track, k) not in never)[:OTHERS]
            found.append(
                Question("belongs", track, rest(track), float(gain[i]), float(probability[i]), others)
            )
    return found


def _pieces(rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [rows[i : i + 4096] for i in range(0, len(rows), 4096)]


def _belonging(
    base: Base, view: View, sums: _Sums, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) probability that tracks belong to their people, and (n, g) log odds for everybody's."""
    x, own = base.vector[rows], view.label[rows]
    track_level = sums.scale.same - sums.scale.other
    dot = (x @ sums.total.T.astype(np.float32)).astype(np.float64)
    odds = sums.scale.log_odds(dot / sums.count, sums.level * track_level, sums.length)
    count = sums.count[own] - 1  # the track itself left out of its own
    square = sums.square[own] - 2 * dot[np.arange(len(rows)), own] + 1
    level = sums.scale.level(np.maximum(square - count, 0), count) * track_level
    length = np.sqrt(np.maximum(square, 1e-9)) / count
    mine = sums.scale.log_odds((dot[np.arange(len(rows)), own] - 1) / count, level, length)
    odds[np.arange(len(rows)), own] = mine
    odds = SURENESS * odds
    top = np.maximum(odds.max(axis=1, keepdims=True), 0.0)
    share = np.exp(odds - top)
    return share[np.arange(len(rows)), own] / (share.sum(axis=1) + np.exp(-top[:, 0])), odds


def _best_of_rest(base: Base, view: View) -> Callable[[int], int]:
    """Finds the best picture among a track's person's other tracks."""
    quality = np.zeros(len(view.label))
    np.maximum.at(quality, base.portraits.track, base.portraits.quality.astype(np.float64))

    def best(track: int) -> int:
        others = view.groups[int(view.label[track])].tracks
        others = others[others != track]
        return int(others[quality[others].argmax()]) if len(others) else NOISE

    return best
