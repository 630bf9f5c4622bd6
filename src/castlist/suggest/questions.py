"""The questions of a review, ordered by the expected number of corrected faces for each click.

A question is one click about one thing; a batch asks about many things on one page.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from itertools import compress
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.cast import picture_worth
from castlist.cluster.low_quality import JOINED
from castlist.decisions import Base
from castlist.decisions.people import View
from castlist.suggest.asides import pages_of, set_aside, worth_a_page
from castlist.suggest.batches import LEAVES, TOO_SURE, Batch, Item, Lines, best_of
from castlist.suggest.checks import SHOWN, Check, pieces
from castlist.suggest.doubt import UNSURE, Outlook, Work, clicks_until_the_end, doubts_of
from castlist.suggest.known import OTHERS, UNASKED, KnownPeople, enough
from castlist.suggest.membership import FaceEvidence, Labels
from castlist.suggest.pairs import (
    Sums,
    closed_pairs,
    cooccurrence_log_odds,
    cue_log_odds,
    excluded_pairs,
    seen_together,
    share_seen_together,
)
from castlist.types import NOISE, PERSON

__all__ = ["LONGEST", "Asker", "Question", "questions"]

LIKELY_WRONG = 0.5  # probability from which a question is asked again about a decided person
BACKGROUND_WORTH = 0.25  # weight of a background face, relative to a face of the cast
LONGEST = 24  # items of a batch
# probability of being another person from which this is asked before the person's tracks are checked
WHO_FIRST = 0.1
EQUAL = 1e-6  # relative difference of two gains by rounding alone
LARGE = 0.05  # share of a person's faces from which a single doubtful track makes the person uncertain
AT_ONCE = 40  # pieces of people to check at once

Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """Whether two tracks show one person."""

    kind: str  # "same": two people, or "belongs": a track and the rest of its person
    a: int  # a track of the first, the best to look at
    b: int  # a track of the second
    gain: float  # faces expected to be corrected
    probability: float  # that they are one person
    others: tuple[int, ...] = ()  # best tracks of other people that the first may be, likeliest first


@typed_arguments
def questions(base: Base, view: View, limit: int = 20) -> list[Question]:
    """The most useful questions without a decision, in descending order."""
    asker = Asker(base)
    asker.look(view)
    return asker.questions(limit)


class Asker:
    """Computes questions about one base; `look` updates it to a new view, recomputing changed groups only."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.evidence = FaceEvidence(base)
        self.together = seen_together(base)
        self.quality = base.tracks.size / (1.0 + base.tracks.size.max(initial=1)) - 1.0
        np.maximum.at(self.quality, base.portraits.track, picture_worth(base.portraits, base.shots))
        self._cache: dict[str, tuple[bytes, NDArray[np.float64], Labels]] = {}
        self._compared: dict[bytes, int] = {}  # groups' tracks: rows of the last log odds
        self._odds = np.zeros((0, 0))

    def __copy__(self) -> Self:
        """A copy that can be updated independently."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, evidence=copy(self.evidence), _cache={**self._cache})
        return twin

    @staticmethod
    def would_ask_alike(a: View, b: View) -> bool:
        """Whether the questions about two views of one base are the same, even if their decisions differ."""
        tables = ("label", "fate", "labelled", "unsure", "cannot", "no_face", "hidden")
        return [(g.number, g.name, g.confirmed) for g in a.groups] == [
            (g.number, g.name, g.confirmed) for g in b.groups
        ] and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in tables)

    def look(self, view: View) -> None:
        """Update to a view."""
        self.view = view
        self.closed = view.labelled.copy()  # without further questions
        self.closed[view.unsure[view.label[view.unsure[:, 0]] != NOISE].ravel()] = True
        self._lines: tuple[Lines, Lines] | None = None
        self._rest: Lines | None = None
        self._first: tuple[Batch, list[Check]] | None = None
        self.done = np.array([bool(g.name) for g in view.groups], np.bool_)  # people with a name
        self._groups()
        asked = view.labelled.copy()
        asked[view.unsure[:, 0]] = True
        self.evidence.update([g.id for g in view.groups], view.label, view.labelled, asked)
        person = np.where(view.fate == PERSON, 1.0, BACKGROUND_WORTH)
        self.worth = np.asarray(self.base.tracks.size * person, np.float64)
        live = view.label >= 0
        self.group_worth = np.bincount(view.label[live], self.worth[live], minlength=len(view.groups))

    def questions(self, limit: int = 20) -> list[Question]:
        """Single questions, in descending order of the expected number of corrected faces."""
        if not self.view.groups:
            return []
        self._known()
        found = [*self._pairs(limit), *self._strays(limit)]
        found.sort(key=lambda q: (-q.gain, q.a, q.b))
        return found[:limit]

    def sheet(self, limit: int = LONGEST, answered: Sequence[int] = ()) -> Batch:
        """The batch of questions with the most corrected faces for each click.

        If no question is left, people with many faces are compared with all people that they were not
        compared with yet.

        Args:
            answered: tracks in the items above on the same page, which are not asked about a second time.
        """
        if not self.view.groups:
            return Batch((), 0.0, 0.0)
        tracks, wholes = self._known()
        found = self._batch(tracks, wholes, limit)
        if found.items or self.checks() or self._asides_left():
            return self._batch(tracks, wholes, limit, answered) if len(answered) else found
        if self._rest is None:
            self._rest = self._wholes(thorough=True)
        return self._batch(tracks, self._rest, limit, answered, full=True)

    def _batch(
        self, tracks: Lines, wholes: Lines, limit: int, answered: Sequence[int] = (), *, full: bool = False
    ) -> Batch:
        """A batch of these items, without the tracks in `answered`; `full` takes as many as allowed."""
        gain = np.concatenate([tracks.gain, wholes.gain])
        gain[np.isin(np.concatenate([tracks.track, wholes.track]), answered)] = 0
        cost = np.concatenate([tracks.cost, wholes.cost])
        chosen = np.argsort(-gain, kind="stable")[:limit] if full else best_of(gain, cost, limit)
        chosen = chosen[gain[chosen] > 0]
        clicks = 1 + float(cost[chosen].sum())
        items = [self._item(tracks, i) if i < len(tracks.gain) else self._item(wholes, i - len(tracks.gain))
                 for i in chosen.tolist()]  # fmt: skip
        items = self._each_once(items)
        label = self.view.label
        items.sort(key=lambda i: (i.guess == NOISE, not i.whole, label[i.guess], -i.gain))
        return Batch(tuple(items), float(gain[chosen].sum()) / clicks if len(chosen) else 0.0, clicks)

    def checks(self, limit: int = AT_ONCE) -> list[Check]:
        """People to check, in descending order of the expected number of wrong faces.

        These are people without a name who have unconfirmed tracks; as many people as have about `limit`
        pieces in all, and at least one.
        """
        if not self.view.groups:
            return []
        loose, wholes = self._known()
        label, groups = self.view.label, len(self.view.groups)
        first = (wholes.gain > 0) & (wholes.current <= 1 - WHO_FIRST)
        asked = set(label[wholes.track[first]].tolist())
        current = 1 - self._unasked_doubt()  # probability of the track's current person
        current[loose.track] = loose.current
        belief = np.minimum(current, 1 - self._misplaced())
        wrong = self._wrong(loose)
        found: dict[int, tuple[Labels, ...]] = {}
        for k in sorted(set(self._left()) - asked, key=lambda k: (-wrong[k], -self.group_worth[k], k)):
            found[k] = self._pieces(k, belief)
            if sum(map(len, found.values())) > limit:
                if len(found) > 1:
                    del found[k]
                break
        others = iter(
            self.elsewhere(
                [piece for looked in found.values() for piece in looked],
                [k for k, looked in found.items() for _ in looked],
            )
        )
        strangers = np.bincount(np.maximum(label, 0), np.where(label >= 0, 1 - current, 0), minlength=groups)
        return [
            Check(k, looked, tuple(next(others) for _ in looked), float(wrong[k]), float(strangers[k]))
            for k, looked in found.items()
        ]

    def first_of_each(self) -> tuple[Batch, list[Check]]:
        """The first batch and the first people to check; computed once for each view."""
        if self._first is None:
            self._first = self.sheet(), self.checks()
        return self._first

    def first(self) -> str:
        """What to ask first, by corrected faces for each click: "sheet" (a batch), "check", or "".

        "check" without people asks only about set-aside tracks.
        """
        sheet, checks = self.first_of_each()
        if not sheet.items:
            return "check" if checks or self._asides_left() else ""
        wrong = sum(c.wrong for c in checks)
        clicks = 1 + sum(c.strangers for c in checks)
        return "check" if checks and wrong / clicks >= (1 - EQUAL) * sheet.gain else "sheet"

    def asides(self, limit: int = LONGEST) -> list[int]:
        """Set-aside tracks that no user has reviewed yet, those with most faces first."""
        return [int(t) for t in set_aside(self.base, self.view)[:limit]]

    def _asides_left(self) -> bool:
        """Whether enough unreviewed set-aside tracks are left to ask about them separately."""
        left = set_aside(self.base, self.view)
        return bool(self.view.groups) and worth_a_page(self.base, self.view, left)

    def unconfirmed(self) -> int:
        """Number of people without a name who have unconfirmed tracks."""
        return len(self._left())

    def _left(self) -> list[int]:
        return [k for k, g in enumerate(self.view.groups) if not g.name and not g.confirmed]

    def _pieces(self, k: int, current: Table) -> tuple[Labels, ...]:
        """A group in pieces; `current` is the probability of each track's group."""
        tracks = self.view.groups[k].tracks
        return pieces(tracks, self.base.tracks.size[tracks], self.base.vector[tracks], current[tracks])

    def elsewhere(self, found: Sequence[Labels], current: Sequence[int] = ()) -> tuple[tuple[int, ...], ...]:
        """For each piece one track of each person it may show, the most probable person first.

        People who probably have a track in a frame with the piece are left out.

        Args:
            found: the pieces.
            current: current group of each piece, which is left out; empty if the pieces are in no group.
        """
        if self.evidence.groups < 2 or not found:
            return tuple(() for _ in found)
        shown = [piece[:SHOWN] for piece in found]
        rows = np.concatenate(shown)
        belong = self.evidence.membership(rows, excluded_pairs(self.view))
        place = np.repeat(np.arange(len(shown)), [len(piece) for piece in shown])
        chance = np.zeros((len(shown), self.evidence.groups))
        np.add.at(chance, (place[:, None], belong.group), belong.probability * self.worth[rows, None])
        possible = np.tile(~self.evidence.blank, (len(shown), 1))
        possible[np.arange(len(current)), np.array(current, np.int64)] = False
        piece = np.full(len(self.view.label), NOISE)
        piece[rows] = place
        met = np.stack([piece[self.together[:, 0]], self._probable_group()[self.together[:, 1]]], axis=1)
        met = met[(met >= 0).all(axis=1)]
        possible[met[:, 0], met[:, 1]] = False
        chance[~possible] = 0
        worth = np.bincount(place, self.worth[rows], minlength=len(shown))
        chance += UNASKED * worth[:, None] * self._size_prior(piece, possible)
        chance /= np.maximum(chance.sum(axis=1, keepdims=True), 1e-12)
        order = np.argsort(-chance, axis=1, kind="stable")
        likely = np.count_nonzero(chance > 0, axis=1)
        best = [row[:n] for row, n in zip(order, likely.tolist(), strict=True)]
        return tuple(
            tuple(self._face(k) for k in row[: enough(p[row])].tolist())
            for row, p in zip(best, chance, strict=True)
        )

    def _probable_group(self) -> Labels:
        """(t,) the group of each track, NOISE if it more probably belongs to another group or to none."""
        group, loose = self.view.label.copy(), self._known()[0]
        group[loose.track[np.asarray(loose.current) <= LEAVES]] = NOISE
        return group

    def _size_prior(self, piece: Labels, possible: NDArray[np.bool_]) -> Table:
        """(n, g) prior probability of each group for n pieces: proportional to the group's size.

        0 for groups excluded by a decision.

        Args:
            piece: (t,) the piece of each track, NOISE for none.
            possible: (n, g) groups that are candidates.
        """
        share = np.where(possible, self.group_worth, 0.0)
        apart = excluded_pairs(self.view)
        apart = apart[piece[apart[:, 0]] >= 0]
        share[piece[apart[:, 0]], apart[:, 1]] = 0
        return np.asarray(share / np.maximum(share.sum(axis=1, keepdims=True), 1e-9), np.float64)

    def outlook(self) -> Outlook:
        """The uncertain people, and the expected number of clicks of a review."""
        if not self.view.groups:
            return Outlook((), 0)
        loose, wholes = self._known()
        number = np.array([g.number for g in self.view.groups], np.int64)
        worth = self.group_worth.astype(np.float64)
        wrong = np.maximum(self._wrong(loose), self._doubted() * UNSURE * worth)
        doubts = doubts_of(wholes, wrong, self.view.label, number, worth)
        tracks, people = (float(lines.cost[lines.gain > 0].sum()) for lines in (loose, wholes))
        aside = pages_of(self.base, self.view, set_aside(self.base, self.view), LONGEST)
        sheet = bool((loose.gain > 0).any() or (wholes.gain > 0).any())
        work = Work(tracks, people, sheet, self.unconfirmed(), aside)
        asked = max(1, clicks_until_the_end(work))
        return Outlook(doubts, asked if self.first() else 0)

    def alike(self, group: int) -> list[float]:
        """The probability for each group of the view that it is the same person as this group."""
        self._known()
        return [float(p) for p in self._between[0][group]]

    def _doubted(self) -> NDArray[np.bool_]:
        """(g,) whether a group has a long track whose membership is uncertain."""
        rows = np.flatnonzero(self._misplaced() >= UNSURE)
        label = self.view.label[rows]
        found = np.zeros(len(self.view.groups), np.bool_)
        found[label[self.worth[rows] >= LARGE * self.group_worth[label]]] = True
        return found

    def _unasked_doubt(self) -> Table:
        """(t,) probability of a wrong person for tracks that no batch asks about, else 0.

        Such tracks are too blurred for comparison, so the batches have no evidence about them.
        """
        return np.where(self.evidence.known, 0.0, self._misplaced())

    def _misplaced(self) -> Table:
        """(t,) probability of a wrong person for tracks that the machine placed by weak evidence.

        0 for tracks that the linkage joined, that a reviewer decided about, or whose person has a name.
        """
        found, label = np.zeros(len(self.view.label)), self.view.label
        if len(self.base.sureness):
            least = np.where(self.evidence.known, JOINED, 0.0)  # below: joined by linkage
            rows = np.flatnonzero((label >= 0) & ~self.closed & (self.base.sureness >= least))
            rows = rows[~self.done[label[rows]]]
            placed = np.isfinite(self.base.sureness[label >= 0])
            clear = np.bincount(label[label >= 0], ~placed, minlength=len(self.view.groups)) > 0
            rows = rows[clear[label[rows]]]  # people with such tracks only are asked about as a whole
            found[rows] = 1 - self.base.sureness[rows]
        return found

    def _wrong(self, loose: Lines) -> Table:
        """(g,) expected wrong faces of each group; `loose` are tracks as candidates for questions."""
        label, groups = self.view.label, len(self.view.groups)
        doubt = self._unasked_doubt()
        rows = np.flatnonzero(doubt)
        wrong = np.bincount(label[rows], doubt[rows] * self.worth[rows], minlength=groups)
        of_loose = np.bincount(label[loose.track], loose.worth * (1 - loose.current), minlength=groups)
        return np.asarray(wrong + of_loose, np.float64)

    # Groups

    def _groups(self) -> None:
        """Sums of the groups' vectors, and tracks that represent them; recomputed for changed groups only."""
        fresh = {}
        for group in self.view.groups:
            key = group.tracks.tobytes()
            if self._cache.get(group.id, (b"",))[0] != key:
                self._cache[group.id] = (key, *self._look_at(group.tracks))
            fresh[group.id] = self._cache[group.id]
        self._cache = fresh
        groups, width = len(fresh), self.base.vector.shape[1]
        total = np.array([k[1] for k in fresh.values()]).reshape(groups, width)
        self.faces = [k[2].tolist() for k in fresh.values()]  # best tracks of each group, best first
        self.sums = Sums(self.base, total, np.array([len(g.tracks) for g in self.view.groups], np.float64))

    def _look_at(self, tracks: Labels) -> tuple[NDArray[np.float64], Labels]:
        """A group's sum, and the two tracks that represent it: good pictures near its mean."""
        vector = self.base.vector[tracks]
        total = vector.sum(axis=0, dtype=np.float64)
        typical = vector @ (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)
        return total, tracks[np.argsort(-(self.quality[tracks] + typical), kind="stable")[:2]]

    def _face(self, group: int, excluded: int = NOISE) -> int:
        """The track that represents a group, other than `excluded`; NOISE for none."""
        return next((t for t in self.faces[group] if t != excluded), NOISE)

    # Single questions

    def _pairs(self, limit: int) -> list[Question]:
        probability, gain = self._between
        cells = np.flatnonzero(np.triu(gain > 0, 1))
        value = gain.ravel()[cells]
        if len(cells) > limit:
            best = np.argpartition(-value, limit - 1)[:limit]
            cells, value = cells[best], value[best]
        rows, columns = np.unravel_index(cells[np.lexsort((cells, -value))], gain.shape)
        return [
            Question("same", self._face(i), self._face(j), float(gain[i, j]), float(probability[i, j]))
            for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
        ]

    def _pairs_of_people(self) -> tuple[Table, Table]:
        """(g, g) probability that two groups are one person, and the faces that an answer corrects.

        No question is asked about a person of one track and a person in the same frame.
        """
        keys = [k[0] for k in self._cache.values()]
        row_before = np.array([self._compared.get(key, NOISE) for key in keys], np.int64)
        self._odds = self.sums.log_odds(self._odds, row_before)
        self._compared = {key: k for k, key in enumerate(keys)}
        odds = self._odds + cooccurrence_log_odds(self.base, self.view) + cue_log_odds(self.base, self.view)
        probability = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
        gain = probability * np.minimum(self.group_worth[:, None], self.group_worth)
        single = np.array([len(g.tracks) for g in self.view.groups], np.int64) == 1
        beside = single[:, None] & (self._share_together > 0)
        gain[closed_pairs(self.view) | (probability < TOO_SURE) | beside | beside.T] = 0
        return probability, gain

    def _strays(self, limit: int) -> list[Question]:
        loose = self._known()[0]
        found: list[Question] = []
        for i in np.argsort(-loose.gain, kind="stable").tolist():
            track, current = int(loose.track[i]), int(self.view.label[loose.track[i]])
            if loose.gain[i] <= 0 or len(found) == limit:
                break
            rest = self._face(current, track)
            others = tuple(self._face(k) for k in loose.shown[i] if k != current)[:OTHERS]
            if rest != NOISE:
                belongs = float(loose.current[i])
                found.append(Question("belongs", track, rest, float(loose.gain[i]), belongs, others))
        return found

    # Batches

    def _known(self) -> tuple[Lines, Lines]:
        """All possible questions: about tracks, and about whole people."""
        if self._lines is None:
            self._share_together = share_seen_together(self.together, self.view)
            self._between = self._pairs_of_people()
            self._lines = self._loose(), self._wholes()
        return self._lines

    def _loose(self) -> Lines:
        """Unlabelled tracks of larger people, and the groups they may belong to."""
        view = self.view
        live = (view.label >= 0) & ~self.closed & self.evidence.known
        live[live] = self.sums.count[view.label[live]] > 1
        rows = np.flatnonzero(live)
        rows = self.evidence.doubtful(rows, self.worth[rows])
        found = self.evidence.membership(rows, excluded_pairs(view))
        least = np.where(self.done[view.label[rows]], LIKELY_WRONG, TOO_SURE)
        open_ = np.flatnonzero(1 - found.own > least)
        lines, blank = Lines(rows[open_], False), self.evidence.blank
        columns = found.group[open_], found.probability[open_], ~blank[found.group[open_]]
        table = zip(rows[open_].tolist(), *(c.tolist() for c in columns), strict=True)
        for track, group, chance, faces in table:
            current = int(view.label[track])
            candidates = list(compress(zip(group, chance, strict=True), faces))
            shown = candidates[: enough([p for _, p in candidates])]
            if current not in [k for k, _ in shown]:
                shown = [*shown[:-1], *(c for c in candidates if c[0] == current)]
            own_share = next((p for k, p in shown if k == current), 0.0)
            lines.add(shown, own_share, self.worth[track], 1 - own_share)
        return lines.done()

    def _wholes(self, *, thorough: bool = False) -> Lines:
        """People who may be the same as a person of higher rank; `thorough` as in `KnownPeople.all`."""
        probability = self._between[0]
        worth = self.worth, self.group_worth.astype(np.float64)
        known = KnownPeople(
            self._share_together, self.view, self.evidence, worth, probability, closed_pairs(self.view)
        )
        found = known.all(thorough=thorough)
        faces = [self._face(likely.group) for likely in found]
        lines = Lines(np.array(faces, np.int64), True)
        for likely in found:
            lines.add(likely.shown, likely.none, likely.worth, 1 - likely.none)
        return lines.done()

    def _item(self, lines: Lines, i: int) -> Item:
        track, whole = int(lines.track[i]), lines.whole
        shown = [self._face(k, track) for k in lines.shown[i]]
        if whole and (lines.stays[i] > lines.chance[i][0] or not self.evidence.known[track]):
            return Item(track, whole, NOISE, tuple(shown), float(lines.stays[i]), float(lines.gain[i]))
        best = self._proposed(lines, i)
        others = tuple(t for k, t in enumerate(shown) if k != best)
        return Item(track, whole, shown[best], others, lines.chance[i][best], float(lines.gain[i]))

    def _proposed(self, lines: Lines, i: int) -> int:
        """Index of the proposed person: the current one, unless another has a probability above .5."""
        current = int(self.view.label[lines.track[i]])
        if lines.whole or lines.chance[i][0] > LEAVES or current not in lines.shown[i]:
            return 0
        return lines.shown[i].index(current)

    def _each_once(self, items: list[Item]) -> list[Item]:
        """The items without tracks of people that another item asks about as a whole."""
        label = self.view.label
        whole = {int(label[i.track]) for i in items if i.whole}
        return [i for i in items if i.whole or int(label[i.track]) not in whole]
