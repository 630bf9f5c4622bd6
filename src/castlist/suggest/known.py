"""Questions whether a person is the same as a person of higher rank.

People with a name rank first, then people with a face to compare, then people with more faces. The
probability of each pair is that of the two groups, or, for a person of one track, that of the membership
model of the film. Linkage is sometimes wrong although certain, so a person who was never compared gets at
least the probability `UNASKED` of being one of the others. When no other question is left, people with many
faces are compared with all others, the likeliest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.decisions.people import View
from castlist.suggest.asides import LEFT
from castlist.suggest.batches import TOO_SURE
from castlist.suggest.membership import FaceEvidence, Labels
from castlist.suggest.pairs import excluded_pairs, unsure_pairs

__all__ = ["ENOUGH", "OTHERS", "UNASKED", "KnownPeople", "Likely", "enough"]

OTHERS = 3  # people offered besides the likeliest
MOST = 8  # more people are offered, up to this number, until the probability that the right one is among them
COVERED = 0.98  # reaches this value
ENOUGH = OTHERS + 1  # tracks of other people after which a person counts as compared
# Share of people who were the same as another person when no question was left: 7 of 187 at the end of
# simulated reviews of 29 films (six labelled, the same made small, drawn), before people were compared with
# all.
UNASKED = 0.04
AGAIN = 0.2  # probability of a person not compared yet from which a question is asked again
# share of a person's tracks with co-occurrence with another person, from which the two are not compared
APART = 0.5

Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Likely:
    """The groups that a person may be, with falling probabilities, and the probability of none of them."""

    group: int
    shown: list[tuple[int, float]]
    none: float
    worth: float  # faces corrected if it is one of them


class KnownPeople:
    """Compares the people of a view with those of higher rank."""

    def __init__(
        self,
        together: Table,
        view: View,
        evidence: FaceEvidence,
        worth: tuple[Table, Table],
        probability: Table,
        closed: NDArray[np.bool_],
    ) -> None:
        """
        Args:
            together: (g, g) share of the first group's tracks with co-occurrence with the second group.
            worth: (t,) and (g,) faces of each track and each group.
            probability: (g, g) that two groups are one person.
            closed: (g, g) pairs without further questions.
        """
        self.view, self.evidence, self.closed = view, evidence, closed
        self.worth, self.group_worth = worth
        self.probability = probability
        self.count = np.array([len(g.tracks) for g in view.groups], np.int64)
        self.named = np.array([bool(g.name) for g in view.groups], np.bool_)
        self.rank = np.empty(len(self.count), np.int64)
        # Questions are asked about people without a face to compare, but these people are not offered as
        # answers.
        order = np.lexsort((self.group_worth, ~evidence.blank, self.named))
        self.rank[order] = np.arange(len(self.count))
        self.apart = together >= APART  # (g, g)

    def all(self, *, thorough: bool = False) -> list[Likely]:
        """People who may be the same as a person of higher rank, where asking is worth a question.

        Args:
            thorough: compare people with more than `LEFT` of the faces with all others, `MOST` at once.
        """
        several, single = dict(self._several()), dict(self._single())
        unasked, asked = self._unasked(thorough)
        found = []
        for k in range(len(self.count)):
            likely = several.get(k) or single.get(k)
            if len(unasked[k]):
                likely = self._with_others(k, likely, unasked[k], MOST if thorough else ENOUGH)
            elif asked[k] and likely is not None and 1 - likely.none < AGAIN:
                continue
            if likely is not None:
                found.append(likely)
        return found

    def _with_others(self, k: int, likely: Likely | None, others: Labels, most: int) -> Likely:
        """Add the next people to compare, up to `most`, with a probability of at least `UNASKED`."""
        shown = [*likely.shown] if likely else []
        listed = {group for group, _ in shown}
        more = [(g, 0.0) for g in others.tolist() if g not in listed]
        shown += more if len(shown) + len(more) <= MOST else more[: max(0, most - len(shown))]
        known = 1 - likely.none if likely else 0.0
        missed = UNASKED * (1 - known)
        worth = likely.worth if likely else self.group_worth[k] / self.count[k]
        return Likely(k, [(g, p + missed / len(shown)) for g, p in shown], 1 - known - missed, float(worth))

    def _unasked(self, thorough: bool) -> tuple[list[Labels], NDArray[np.bool_]]:
        """The people of higher rank to compare with each person, likeliest first; none if compared enough.

        Returns:
            the groups for each person, and (g,) whether a person was compared with enough others.
        """
        groups = len(self.count)
        open_ = ~self.closed & (self.rank[:, None] < self.rank) & ~self.apart
        blank = self.evidence.blank  # blurred people: a reviewer may recognise them, a model cannot;
        open_ &= ~(blank & ~blank[:, None])  # they are never offered for people who are not blurred
        compared = self._compared()
        possible = compared + open_.sum(axis=1)
        large = self.group_worth > LEFT * self.group_worth.sum()
        few = np.where((possible <= MOST) | (large & thorough), possible, ENOUGH)
        rows = np.flatnonzero(compared < few)
        value = np.where(open_[rows], self.probability[rows], -1.0)
        best = np.broadcast_to(np.arange(groups), value.shape)
        if groups > MOST:  # single precision takes a third less time to sort
            best = np.sort(np.argpartition(-value.astype(np.float32), MOST, axis=1)[:, :MOST], axis=1)
            value = np.take_along_axis(value, best, axis=1)
        order = np.argsort(-value, axis=1, kind="stable")
        best, count = np.take_along_axis(best, order, axis=1), np.count_nonzero(value >= 0, axis=1)
        left = [np.zeros(0, np.int64)] * groups
        for k, near, n in zip(rows.tolist(), best, count.tolist(), strict=True):
            left[k] = near[:n]
        return left, np.asarray((compared >= few) & (compared > 0), np.bool_)

    def _compared(self) -> Labels:
        """(g,) tracks of other people that each person was compared with; a pair begins with that person."""
        pairs = np.unique(np.concatenate([self.view.cannot, self.view.unsure]), axis=0)
        group, other = self.view.label[pairs[:, 0]], self.view.label[pairs[:, 1]]
        live = (group >= 0) & (other >= 0) & (group != other)
        return np.asarray(np.bincount(group[live], minlength=len(self.count)), np.int64)

    def _several(self) -> Iterator[tuple[int, Likely]]:
        """Candidates for people with two or more tracks."""
        open_ = ~self.closed & (self.rank[:, None] < self.rank)
        chance = np.where(open_ & (self.probability >= TOO_SURE), self.probability, 0.0)
        rows = np.flatnonzero((self.count > 1) & (chance.max(axis=1, initial=0) > 0))
        most = min(OTHERS, len(chance) - 1)
        likely = np.argpartition(-chance[rows], most, axis=1)[:, : most + 1] if len(rows) else ()
        for k, order in zip(rows.tolist(), likely, strict=True):
            order = order[np.argsort(-chance[k, order], kind="stable")]
            order = order[chance[k, order] > 0]
            odds = chance[k, order] / np.maximum(1 - chance[k, order], 1e-6)
            share = odds / (1 + odds.sum())
            shown = list(zip(order.tolist(), share.tolist(), strict=True))
            yield k, Likely(k, shown, 1 - float(share.sum()), float(self.group_worth[k]))

    def _single(self) -> Iterator[tuple[int, Likely]]:
        """Candidates for people with one track and no name, by the membership model of the film."""
        view, several = self.view, self.count > 1
        rows = np.array([g.tracks[0] for g in view.groups if len(g.tracks) == 1 and not g.name], np.int64)
        rows = self.evidence.doubtful(rows, self.worth[rows])
        if not len(rows) or self.evidence.groups < 2:
            return
        found = self.evidence.alone(rows, np.concatenate([excluded_pairs(view), unsure_pairs(view)]))
        table = zip(rows.tolist(), found.group.tolist(), found.probability.tolist(), strict=True)
        for track, group, chance in table:
            current = int(view.label[track])
            candidates = [
                (k, p)
                for k, p in zip(group, chance, strict=True)
                if p > 0
                and k != current
                and not self.evidence.blank[k]
                and not self.apart[current, k]
                and (several[k] or self.rank[current] < self.rank[k])
            ]
            known = sum(p for _, p in candidates)
            if known >= TOO_SURE:
                shown = candidates[: enough([p / known for _, p in candidates])]
                yield current, Likely(current, shown, 1 - known, float(self.group_worth[current]))


def enough(chance: Sequence[float] | Table) -> int:
    """Number of people to offer, by their falling probabilities."""
    covered, count = 0.0, 0
    while count < len(chance) and (count <= OTHERS or (count <= MOST and covered < COVERED)):
        covered += chance[count]
        count += 1
    return count
