"""Linkage of groups of tracks: log odds that two groups show one person; the likeliest pair is joined first.

The vector of a track is a noisy copy of its person's: x = sqrt(r) y + sqrt(1 - r) e, all of unit length, so
that two tracks of one person have cosine r on average. The mean of many tracks has less noise. Hence the
cosine of two groups' mean vectors, compared with its expected value for one person,

    R = sqrt(r_a r_b) / (|mean_a| |mean_b|),    1 for large groups, r for two single tracks,

separates one person from two far better than the cosine of any two tracks, however low the quality of the
pictures: it is a correlation corrected for attenuation (Spearman 1904), where r_a and r_b are the mean
cosines within the groups.

The prior odds that a track shows a known person are proportional to the number of that person's tracks,
those of a new person to a constant: the Chinese restaurant process (Aldous 1985). Hence the logarithm of the
larger group's size in the log odds. The constant grows with the number of tracks of a long film
(`Calibration.scale`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.hints import Hints
from castlist.vectors import group_sums

__all__ = ["GroupSums", "Scale", "join_groups", "merge_all"]

SAME_SPREAD = 0.15  # deviation of the cosine of one person's groups: hair, light, age
LOOK_ALIKE = 0.06  # deviation of the cosine of two people's true centres
PSEUDO_PAIRS = 3  # pairs with the film's mean cosine that are added to the pairs of a group
STRAY = 0.05  # share of a group's cannot-links to another up to which both may join: misplaced tracks


@dataclass(frozen=True, slots=True)
class Scale:
    """Distribution of the cosines of two tracks in one space, for one person and for two people."""

    same: float  # mean, of one person
    other: float  # mean, of two people
    spread: float  # deviation, of two people
    odds: float  # prior log odds that a track shows a given person who has one track
    same_spread: float = SAME_SPREAD  # deviation, of one person's groups

    def level(self, inside: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
        """(g,) how far the mean cosine within each group lies above that of two people.

        Args:
            inside: (g,) sum of the cosines of each group's tracks, over ordered pairs.
            count: (g,) tracks of each group.
        """
        pairs = count * (count - 1) + 2 * PSEUDO_PAIRS
        mean = (inside + 2 * PSEUDO_PAIRS * self.same) / pairs
        return np.asarray(np.maximum(mean - self.other, 0.05 * (self.same - self.other)))

    def log_odds(
        self, cosine: NDArray[np.float64], level: NDArray[np.float64], length: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(n,) natural log odds that two groups show one person, for n pairs of groups.

        Args:
            cosine: (n,) mean cosine of the tracks of one group with the tracks of the other.
            level: (n,) product of the two groups' `level`.
            length: (n,) product of the lengths of the two groups' means.
        """
        ratio = np.minimum(np.sqrt(level) / length, 1.0)
        other = np.sqrt(self.spread**2 + (ratio * LOOK_ALIKE) ** 2)
        middle = ratio * other / (other + self.same_spread)
        return np.asarray(
            ratio / (other * self.same_spread) * ((cosine - self.other) / length - middle) + self.odds
        )


class GroupSums:
    """Sums over groups of tracks, kept up to date while groups are joined; arrays are (g,) and (g, g)."""

    def __init__(
        self,
        cosine: NDArray[np.float32],
        label: NDArray[np.int64],
        cannot: NDArray[np.int64],
        scale: Scale,
        stray: float = STRAY,
        hints: Hints | None = None,
        compared: int = 0,
    ) -> None:
        """Groups of the tracks with these labels (t,); the first `compared` groups do not join each other."""
        g = int(label.max(initial=-1)) + 1
        self.scale, self.stray = scale, stray
        self.compared = np.arange(g) < compared
        self.count = np.bincount(label, minlength=g).astype(np.float64)
        self.cross = group_sums(group_sums(cosine, label, g).T, label, g).astype(np.float64)
        self.diagonal = np.bincount(label, np.diagonal(cosine), minlength=g).astype(np.float64)
        ends = label[cannot]
        directed = np.concatenate([ends @ [g, 1], ends @ [1, g]]) if len(ends) else np.zeros(0, np.int64)
        self.links = np.bincount(directed, minlength=g * g).reshape(g, g).astype(np.float64)
        self.alive = np.ones(g, np.bool_)
        self.hints = None if hints is None else hints.grouped(label)

    def log_odds(self, a: int, others: NDArray[np.int64] | slice = slice(None)) -> NDArray[np.float64]:
        """(n,) natural log odds that group `a` and each of the `others` (n,) show one person.

        They are minus infinity where cannot-links forbid a join, between two `compared` groups, for `a`
        itself, and for groups that have become part of another.
        """
        n = self.count
        inside = np.diagonal(self.cross) - self.diagonal
        length = np.sqrt(np.maximum(np.diagonal(self.cross), 1e-9)) / n
        level = self.scale.level(inside, n)
        cosine = self.cross[a] / (n[a] * n)
        odds = self.scale.log_odds(cosine, level[a] * level, length[a] * length)
        odds += np.log(np.maximum(n[a], np.maximum(n, 1)))  # prior odds grow with a person's tracks
        if self.hints is not None:
            odds += self.hints.mean(a)
        total = self.links.sum(axis=1)
        odds[self.links[a] > self.stray * np.minimum(total[a], total)] = -np.inf
        odds[~self.alive | (self.compared & self.compared[a])] = odds[a] = -np.inf
        return np.asarray(odds[others])

    def join(self, a: int, b: int) -> None:
        """Group b becomes part of group a."""
        for table in (self.cross, self.links):
            table[a] += table[b]
            table[:, a] += table[:, b]
            table[b], table[:, b] = 0.0, 0.0
        if self.hints is not None:
            self.hints.join(a, b)
        self.compared[a] |= self.compared[b]
        self.count[a] += self.count[b]
        self.diagonal[a] += self.diagonal[b]
        self.cross[b, b] = 1.0
        self.alive[b] = False


class GroupMerges(NamedTuple):
    """The joins of g groups, in m steps."""

    pairs: NDArray[np.int64]  # (m, 2) the second was joined into the first
    odds: NDArray[np.float64]  # (m,) log odds of each join
    home: NDArray[np.int64]  # (g,) the group that each group became part of, in the end


def merge_all(groups: GroupSums, least: float = -np.inf) -> GroupMerges:
    """Join the pair of groups with the largest log odds, again and again while these exceed `least`."""
    g = len(groups.count)
    best, partner = np.full(g, -np.inf), np.zeros(g, np.int64)
    for group in range(g):
        _nearest_pairs(groups, group, best, partner)
    pairs: list[tuple[int, int]] = []
    odds: list[float] = []
    home = np.arange(g)
    for _ in range(g - 1):
        a = int(best.argmax())
        if not best[a] > least:
            break
        b = int(partner[a])
        pairs.append((a, b))
        odds.append(float(best[a]))
        groups.join(a, b)
        home[home == b] = a
        best[b] = -np.inf
        row = _nearest_pairs(groups, a, best, partner)
        closer = groups.alive & (row >= best) & (row > -np.inf)
        best[closer], partner[closer] = row[closer], a
        lost = groups.alive & ((partner == a) | (partner == b)) & ~closer
        lost[a] = False
        for i in np.flatnonzero(lost):
            _nearest_pairs(groups, int(i), best, partner)
    return GroupMerges(np.array(pairs, np.int64).reshape(-1, 2), np.array(odds), home)


def join_groups(groups: GroupSums, label: NDArray[np.int64]) -> NDArray[np.int64]:
    """(t,) the labels after all joins that are more likely than not, numbered from 0."""
    home = merge_all(groups, 0.0).home
    return np.unique(home[label], return_inverse=True)[1].astype(np.int64)


def _nearest_pairs(
    groups: GroupSums, i: int, best: NDArray[np.float64], partner: NDArray[np.int64]
) -> NDArray[np.float64]:
    row = groups.log_odds(i)
    partner[i] = row.argmax()
    best[i] = row[partner[i]]
    return row
