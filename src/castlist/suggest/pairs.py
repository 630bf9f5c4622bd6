"""Log odds that two groups are one person: by faces, clothes, co-occurrence and decisions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.cue_pairs import cue_odds
from castlist.constrain import CoOccurrence
from castlist.decisions import Base
from castlist.decisions.people import View
from castlist.types import NOISE, SET_ASIDE

__all__ = [
    "Sums", "closed_pairs", "cooccurrence_log_odds", "cue_log_odds", "excluded_pairs", "seen_together",
    "share_seen_together", "unsure_pairs",
]  # fmt: skip

STRAY = 0.05  # share of a person's co-occurrences that are with a wrong track of the same person
CLOTHED, OF_EACH = 1200, 12  # tracks whose clothes are compared in all, and of one group: 50 ms for all pairs
AT_ONCE = 50_000  # pairs computed at once, so that intermediate results fit into the processor's cache
Table = NDArray[np.float64]


class Sums:
    """Sums of vectors over groups, and the evidence that they give."""

    def __init__(self, base: Base, total: NDArray[np.float64], count: NDArray[np.float64]) -> None:
        from castlist.cluster.group_linkage import Scale

        self.total, self.count = total, count
        self.scale = Scale(*base.scale.tolist())
        self.square = (total**2).sum(axis=1)
        self.level = self.scale.level(np.maximum(self.square - count, 0), count)
        self.length = np.sqrt(np.maximum(self.square, 1e-9)) / count

    def log_odds(self, before: Table | None = None, row_before: NDArray[np.int64] | None = None) -> Table:
        """(g, g) log odds that two groups are one person, by their faces; -inf for a group without a face.

        Args:
            before: (h, h) the log odds of an earlier view, whose groups may have changed.
            row_before: (g,) the row of each group in `before`, NOISE if its tracks changed.
        """
        groups = len(self.count)
        if before is None or row_before is None:
            before, row_before = np.zeros((0, 0)), np.full(groups, NOISE)
        same, new = np.flatnonzero(row_before != NOISE), np.flatnonzero(row_before == NOISE)
        odds = np.empty((groups, groups))
        odds[np.ix_(same, same)] = before[np.ix_(row_before[same], row_before[same])]
        for rows in np.array_split(new, 1 + len(new) * groups // AT_ONCE):
            cosine = self.total[rows] @ self.total.T / np.outer(self.count[rows], self.count)
            level, length = (np.outer(k[rows], k) for k in (self.level, self.length))
            odds[rows] = self.scale.log_odds(cosine, level, length)
        odds[:, new] = odds[new].T
        blank = self.square < 1e-6
        odds[blank] = odds[:, blank] = -np.inf
        return odds


def cue_log_odds(base: Base, view: View) -> Table:
    """(g, g) log odds that two groups are one person, by their clothes, as in the linkage.

    This is the mean over pairs of tracks; of large groups, the tracks with most faces.
    """
    groups = len(view.groups)
    if not base.cue.speaks or not groups:
        return np.zeros((groups, groups))
    rows, group = clothed(base, view.label, groups, int(np.clip(CLOTHED // groups, 1, OF_EACH)))
    member = np.zeros((len(rows), groups), np.float32)
    member[np.arange(len(rows)), group] = 1
    odds, size = cue_odds(base.cue, rows, rows), member.sum(axis=0)
    return np.asarray(member.T @ odds @ member / np.maximum(np.outer(size, size), 1))


def clothed(
    base: Base, label: NDArray[np.int64], groups: int, most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n,) tracks with visible clothes, up to `most` of each group with most faces; (n,) their groups.

    Args:
        label: (t,) the group of each track, NOISE for none.
        groups: number of groups.
        most: tracks of each group.
    """
    rows = np.flatnonzero((label >= 0) & base.cue.vector.any(axis=1))
    rows = rows[np.lexsort((-base.tracks.size[rows], label[rows]))]
    start = np.searchsorted(label[rows], np.arange(groups))
    rows = rows[np.arange(len(rows)) - start[label[rows]] < most]
    return rows, label[rows].astype(np.int64)


def cooccurrence_log_odds(base: Base, view: View) -> Table:
    """(g, g) log odds that two groups are one person, by the frequency of their co-occurrence.

    Groups of one person co-occur through wrong tracks, with the rate STRAY; groups of two people as often as
    by chance.
    """
    groups = len(view.groups)
    ends = view.label[base.cannot]
    ends = ends[(ends >= 0).all(axis=1) & (ends[:, 0] != ends[:, 1])]
    met = np.bincount(ends[:, 0] * groups + ends[:, 1], minlength=groups * groups).reshape(groups, groups)
    met = met + met.T
    total = met.sum(axis=1)
    rows = np.flatnonzero(total)  # groups without co-occurrences carry no information
    met, total = met[np.ix_(rows, rows)], total[rows]
    stray = STRAY * np.minimum(total[:, None], total) + 0.5
    chance = np.maximum(np.outer(total, total) / max(1, total.sum()), stray)
    odds = np.zeros((groups, groups))
    odds[np.ix_(rows, rows)] = met * np.log(stray / chance) - (stray - chance)
    return odds


def seen_together(base: Base) -> NDArray[np.int64]:
    """(q, 2) pairs of tracks with co-occurrence, each in both directions.

    `Base.cannot` has no pairs of set-aside tracks, as linkage does not use them. Here they are included: one
    frame with separate boxes is enough, since many of these tracks have only one frame.
    """
    aside = (base.label == NOISE) | (base.fate == SET_ASIDE)
    pairs = base.cannot
    if aside.any():
        met = CoOccurrence(min_frames=1)(base.tracks).cannot
        pairs = np.concatenate([pairs, met[aside[met].any(axis=1)]])
    return np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)


def share_seen_together(directed: NDArray[np.int64], view: View) -> Table:
    """(g, g) share of the first group's tracks that have a co-occurrence with the second group.

    Args:
        directed: (q, 2) pairs of tracks with co-occurrence, each in both directions.
        view: the groups.
    """
    groups, label = len(view.groups), view.label
    count = np.array([len(g.tracks) for g in view.groups], np.int64)
    group, other = label[directed[:, 0]], label[directed[:, 1]]
    live = (group >= 0) & (other >= 0)
    cells = np.unique(directed[live, 0] * groups + other[live])
    met = np.bincount(label[cells // max(groups, 1)] * groups + cells % max(groups, 1), minlength=groups**2)
    return np.asarray(met.reshape(groups, groups) / np.maximum(count, 1)[:, None], np.float64)


def closed_pairs(view: View) -> NDArray[np.bool_]:
    """(g, g) pairs of people without further questions: answered, or with two names."""
    groups = len(view.groups)
    named = np.array([bool(g.name) for g in view.groups], np.bool_)
    closed = np.eye(groups, dtype=np.bool_) | np.outer(named, named)
    for pairs in (view.cannot, view.unsure):
        ends = view.label[pairs]
        ends = ends[(ends >= 0).all(axis=1)]
        closed[ends[:, 0], ends[:, 1]] = closed[ends[:, 1], ends[:, 0]] = True
    return closed


def excluded_pairs(view: View) -> NDArray[np.int64]:
    """(q, 2) a track and a group that, by a decision, the track does not belong to."""
    return _with_groups(view, view.cannot)


def unsure_pairs(view: View) -> NDArray[np.int64]:
    """(q, 2) a track and a group for which a reviewer could not tell whether the track belongs to it."""
    return _with_groups(view, view.unsure)


def _with_groups(view: View, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    directed = np.concatenate([pairs, pairs[:, ::-1]])
    group = view.label[directed[:, 1]]
    return np.asarray(np.stack([directed[:, 0], group], axis=1)[group >= 0], np.int64)
