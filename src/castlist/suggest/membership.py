"""Log odds of each track for each group, from the other tracks: fitted to the film and to the answers.

There are six kinds of evidence: the face (a linear classifier of track means, fitted to the current people;
each track is scored by a fit without it), the people of the tracks before and after, co-occurrence, the size
of the person, the single most similar track, and clothes, where the film showed how to weigh them. The
weights are fitted to the film, too. Every answer is evidence. When answers move many tracks out of a group,
the classifier is fitted again: undecided tracks of that group are noisier samples and get a lower weight.
Each of them then counts for all people it may show by that fit, as in one step of expectation maximisation.

Weighted least squares with leave-one-out in closed form: [Hastie, Tibshirani, Friedman 2009, sections 3.4
and 7.10]; labels in doubt: [Dempster, Laird, Rubin 1977].
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.cue_pairs import cue_odds
from castlist.decisions import Base
from castlist.suggest.cells import Cells
from castlist.suggest.nearest import NearestOfGroups
from castlist.suggest.new_person import NEUTRAL, intercept, neutral
from castlist.suggest.pairs import OF_EACH, clothed
from castlist.suggest.weights import START, STAY, answered, fitted_weights, share_of
from castlist.types import NOISE

__all__ = ["FaceEvidence", "Labels", "Membership"]

Labels = NDArray[np.int64]
Table = NDArray[np.float64]
Scores = NDArray[np.float32]
RIDGE = 2.0  # ridge, in unit vectors, that shrinks the classifier towards zero
FITTED = 20_000  # most tracks for the classifier's scatter matrix; of more, a sample
LEAST_TRUST = 0.02  # smallest weight of an undecided track, relative to a decided one
AROUND = 8  # tracks before and after a track that make its scene
SAMPLE = 1500  # tracks for the fit of the weights
CELLS = 500_000  # most cells of a table of tracks by people; of more tracks, only the most doubtful
SHARED = 1000  # most doubtful tracks that may count for several people
FEWEST = 300  # smallest number of doubtful tracks, even where CELLS allows fewer
PAIRS = 2_000_000  # most pairs of tracks whose clothes are compared
LIKELY = 12  # people considered for each track
FACE, LOOK = 0, 4  # indices of the evidence from faces


@dataclass(frozen=True, eq=False, slots=True)
class Membership:
    """The c most probable groups of n tracks, in descending order of probability."""

    track: Labels  # (n,)
    group: Labels  # (n, c) index into the view's groups
    probability: Table  # (n, c)
    own: Table  # (n,) probability of the track's current group, 0 for none


class FaceEvidence:
    """Log odds of each track for each group. Made once for a base; `update` fits it to a view."""

    def __init__(self, base: Base) -> None:
        t = len(base.tracks)
        self.base = base
        self.known = np.asarray(base.mean.any(axis=1), np.bool_)
        known = self.known & (base.label != NOISE)
        centre = base.mean[known].mean(axis=0) if known.any() else np.zeros(base.mean.shape[1])
        self.x = np.where(self.known[:, None], base.mean - centre, 0).astype(np.float32)
        self._nearest = NearestOfGroups(
            self.x / np.maximum(np.linalg.norm(self.x, axis=1, keepdims=True), 1e-9)
        )
        self._fitted = np.flatnonzero(known)
        self._fitted = self._fitted[:: 1 + len(self._fitted) // FITTED]
        self._part_fitted = max(len(self._fitted), 1) / max(int(np.count_nonzero(known)), 1)
        self._scatter = self.x[self._fitted].T @ self.x[self._fitted]
        self._even = self._inverse(np.ones(t))  # with equal weights
        self._own = _share_in_fit(self.x, self._even)
        self.near = _neighbours(base, t)
        self.apart = _pairs_by_track(base.cannot, t)
        self.worth = START
        self.machine = base.label.astype(np.int64)
        self._fit = np.zeros(t)  # how well a track fits its group, with equal weights
        self._key: dict[str, bytes] = {}
        self._sums: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
        self._worth, self._weighed = START, np.nan  # and the number of decided tracks at that time

    def __copy__(self) -> Self:
        """A copy that can be updated independently."""
        twin = object.__new__(type(self))
        twin.__dict__.update(
            self.__dict__, _nearest=copy(self._nearest), _fit=self._fit.copy(),
            _key={**self._key}, _sums={**self._sums},
        )  # fmt: skip
        return twin

    def update(
        self,
        ids: list[str],
        label: Labels,
        labelled: NDArray[np.bool_],
        asked: NDArray[np.bool_] | None = None,
    ) -> None:
        """Fit to the labels of a view.

        Args:
            ids: ids of the groups.
            label: (t,) the group of each track, NOISE for none.
            labelled: (t,) tracks with a decision.
            asked: (t,) tracks that a question was asked about, answered or not; default: `labelled`.
        """
        self.asked = labelled if asked is None else asked
        self.label, self.labelled, self.groups, self.worth = label, labelled, len(ids), START
        self.bias = np.zeros(len(ids))
        self.stay = np.full(len(ids), STAY)
        self.neutral, self.intercept = NEUTRAL, 0.0
        # (g,) groups without a face to compare
        self.blank = np.bincount(label[self.known & (label >= 0)], minlength=len(ids)) == 0
        if not ids:
            return
        self.home = _homes(self.machine, label, len(ids))
        self._add_up(ids)
        self._nearest.forget()
        self._even_trust()
        if self.groups > 1:
            if not abs(self.labelled.sum() - self._weighed) <= 0.1 * self._weighed:
                self._weigh()
            self.worth = self._worth
            self._doubt()
            if self.labelled.any():
                self._trust()
                self._share_out()
            self._calibrate()

    def membership(self, rows: Labels, excluded: NDArray[np.int64] | None = None) -> Membership:
        """The most probable groups of tracks; no track belongs to a group without a face to compare.

        Args:
            rows: (n,) the tracks.
            excluded: (q, 2) pairs of a track and a group that the track is not in.
        """
        group, part = self._parts(rows, excluded)
        odds = part @ self.worth + self._leaning(rows, group)
        odds[self.blank[group]] = -1e9
        if excluded is not None:
            odds[_listed(rows, group, excluded, self.groups)] = -1e9
        share = share_of(odds)
        order = np.argsort(-share, axis=1, kind="stable")
        group, share = np.take_along_axis(group, order, 1), np.take_along_axis(share, order, 1)
        current = (share * (group == self.label[rows][:, None])).sum(axis=1)
        return Membership(rows, group, share, current)

    def alone(self, rows: Labels, excluded: NDArray[np.int64]) -> Membership:
        """The most probable groups of tracks alone in their group; `own` is the probability of none."""
        excluded = np.concatenate([excluded, np.stack([rows, self.label[rows]], axis=1)])
        group, odds = self._against_new_person(rows, excluded)
        share = share_of(odds)
        known = 1 / (1 + np.exp(-np.clip(odds.max(axis=1) + self.intercept, -50, 50)))
        order = np.argsort(-share, axis=1, kind="stable")
        group, share = np.take_along_axis(group, order, 1), np.take_along_axis(share, order, 1)
        return Membership(rows, group, share * known[:, None], 1 - known)

    def _against_new_person(self, rows: Labels, excluded: NDArray[np.int64]) -> tuple[Labels, Table]:
        """(n, c) the most probable groups of tracks, and their log odds against a new person."""
        group, part = self._parts(rows, excluded)
        part = part - self._no_group()
        blind = np.flatnonzero(~self.known[rows])
        part[blind[:, None], :, [FACE, LOOK]] = 0  # without a face to compare, only other evidence counts
        size = float(self._size.sum())
        fresh = (self.groups + 0.5) / (size + 1)  # share of tracks that are the first of their person
        odds = part @ self.worth + self.bias[group] - np.log(fresh / max(1 - fresh, 1e-3))
        odds[self.blank[group] | _listed(rows, group, excluded, self.groups)] = -1e9
        return group, odds

    def _no_group(self) -> Table:
        """(6,) the evidence for a new person."""
        found = np.zeros(len(START))
        found[[FACE, LOOK]] = self.neutral
        found[3] = -np.log(self.groups)  # the average size of a person
        return found

    def doubtful(self, rows: Labels, worth: Table, most: int | None = None) -> Labels:
        """The tracks worth a question: all, or, of too many, large ones with the weakest membership."""
        most = self._most() if most is None else most
        if len(rows) <= most:
            return rows
        doubt = worth * np.exp(-np.clip(self.worth[0] * self._fit[rows], -20, 20))
        return np.sort(rows[np.argpartition(-doubt, most)[:most]])

    def _most(self) -> int:
        """The largest number of tracks to ask about."""
        return max(FEWEST, CELLS // max(1, self.groups))

    # Groups

    def _add_up(self, ids: list[str]) -> None:
        """(g, d) sums of the vectors of each group, labelled or not; only changed groups are recomputed."""
        self._order = order = np.argsort(self.label, kind="stable")
        edges = np.searchsorted(self.label[order], np.arange(len(ids) + 1))
        sums = {}
        for k, name in enumerate(ids):
            members = order[edges[k] : edges[k + 1]]
            key = members.tobytes() + self.labelled[members].tobytes()
            if self._key.get(name) != key:
                decided = self.labelled[members]
                parts = (self.x[members[decided]].sum(axis=0), self.x[members[~decided]].sum(axis=0))
                self._key[name], self._sums[name] = key, parts
                towards = self._even @ (parts[0] + parts[1])
                self._fit[members] = self.x[members] @ towards - self._own[members]
            sums[name] = self._sums[name]
        self._sums, self._key = sums, {name: self._key[name] for name in ids}
        width = (len(ids), self.x.shape[1])
        self._decided = np.array([s[0] for s in sums.values()], np.float32).reshape(width)
        self._others = np.array([s[1] for s in sums.values()], np.float32).reshape(width)
        self._size = np.bincount(self.label[self.label >= 0], minlength=len(ids)).astype(np.float64)

    def _even_trust(self) -> None:
        """Give every track weight 1 in its own group."""
        self._weight = np.ones(len(self.label))
        self._solution, self._middle = self._even, np.zeros(self.x.shape[1], np.float32)
        self.total = self._decided + self._others
        self.counts = np.where(self.label >= 0, 1.0, 0.0)
        self._nearest.go_by(self._order, self.label, self.groups)
        self._place = np.full(len(self.label), NOISE)
        self._shared = np.zeros((0, 1), np.int64), np.zeros((0, 1))
        self._shares(self._size)

    def _trust(self) -> None:
        """Fit the classifier again; unlabelled tracks are weighted by the trust in their group."""
        trust = np.exp(np.minimum(self.bias + self.stay - STAY, 0.0))
        trust = np.maximum(trust, LEAST_TRUST)
        free = (self.label >= 0) & ~self.labelled
        self._weight = np.where(free, trust[np.maximum(self.label, 0)], 1.0)
        self._solution = self._inverse(self._weight)
        light = self._fitted[self._weight[self._fitted] != 1]
        self._middle = ((self._weight - 1)[light] @ self.x[light]).astype(np.float32)
        self._middle /= self._part_fitted
        self.total = self._decided + trust[:, None].astype(np.float32) * self._others

    def _share_out(self) -> None:
        """Distribute the weight of unlabelled tracks over groups by the current fit (an EM step)."""
        from scipy.sparse import csr_array

        rows = np.flatnonzero((self.label >= 0) & self.known & ~self.labelled)
        rows = self.doubtful(rows, np.ones(len(rows)), min(SHARED, self._most()))
        found = self.membership(rows)
        shared, group = found.probability, found.group
        own_group = group == self.label[rows][:, None]
        shared[own_group] += 1 - shared.sum(axis=1)  # the rest of the probability, of less likely groups
        self.counts[rows] = shared[own_group]
        self._place[rows], self._shared = np.arange(len(rows)), (group, shared)
        moved = shared - own_group
        weighed = self.x[rows] * self._weight[rows, None].astype(np.float32)
        line = np.repeat(np.arange(len(rows)), group.shape[1])
        cells = csr_array((moved.ravel().astype(np.float32), (group.ravel(), line)), (self.groups, len(rows)))
        self.total = self.total + cells @ weighed
        self._shares(self._size + np.bincount(group.ravel(), moved.ravel(), minlength=self.groups))
        self._nearest.go_by(self._order[self.counts[self._order] > 0.5], self.label, self.groups)

    def _shares(self, size: Table) -> None:
        self.share = (size + 0.5) / (size.sum() + 0.5 * self.groups)

    def _inverse(self, weight: Table) -> NDArray[np.float32]:
        """(d, d) inverse of the weighted, regularised scatter matrix of the tracks."""
        light = self._fitted[weight[self._fitted] != 1]
        x = self.x[light]
        scatter = self._scatter + (x.T * (weight[light] - 1).astype(np.float32)) @ x
        ridge = RIDGE * np.eye(x.shape[1])
        return np.asarray(np.linalg.inv(scatter / self._part_fitted + ridge), np.float32)

    # Evidence

    def _parts(self, rows: Labels, excluded: NDArray[np.int64] | None = None) -> tuple[Labels, Table]:
        """(n, c) the most probable groups of tracks, without repeats, and (n, c, 6) their evidence."""
        faces, alike, clothes = self._faces(rows), self._nearest.cosines(rows), self._clothes(rows)
        around, met, size = self._around(rows), self._met(rows), np.log(self.share)
        if self.groups > LIKELY:
            worth = self.worth.tolist()
            odds = faces * np.float32(worth[0])
            odds += alike * np.float32(worth[4])
            odds += (self.bias + worth[3] * size).astype(np.float32)
            if clothes.size > 1:
                odds += (worth[5] * clothes).astype(np.float32)
            around.add_to(odds, worth[1])
            met.add_to(odds, worth[2])
            group = self._likeliest(rows, odds, excluded)
        else:
            group = np.tile(np.arange(self.groups), (len(rows), 1))
        parts = [np.take_along_axis(faces, group, 1), around.at(group), met.at(group), size[group],
                 np.take_along_axis(alike, group, 1),
                 np.take_along_axis(np.broadcast_to(clothes, faces.shape), group, 1)]  # fmt: skip
        return group, np.stack(parts, axis=-1, dtype=np.float64)

    def _likeliest(self, rows: Labels, odds: Scores, excluded: NDArray[np.int64] | None) -> Labels:
        """(n, c) the groups with the highest odds, and each track's own group; changes `odds`."""
        stays = np.flatnonzero(self.home[rows] != NOISE)
        home = self.home[rows[stays]]
        odds[stays, home] += self.stay[home].astype(np.float32)
        odds[:, self.blank] = -np.inf
        if excluded is not None:
            place = np.full(len(self.label), NOISE)
            place[rows] = np.arange(len(rows))
            excluded = excluded[place[excluded[:, 0]] >= 0]
            odds[place[excluded[:, 0]], excluded[:, 1]] = -np.inf
        placed = np.flatnonzero(self.label[rows] >= 0)
        odds[placed, self.label[rows[placed]]] += 1e6  # the current group is always among the candidates
        return np.argpartition(-odds, LIKELY, axis=1)[:, :LIKELY]

    def _faces(self, rows: Labels) -> Scores:
        """(n, g) leave-one-out scores of the classifier."""
        x, label = self.x[rows], self.label[rows]
        score = x @ (self.total @ self._solution).T
        h = np.where(label >= 0, self._weight[rows] * _share_in_fit(x, self._solution), 0.0)
        middle = (h - x @ (self._solution @ self._middle)).astype(np.float32)
        score += middle[:, None] * self.share.astype(np.float32)
        place = self._place[rows]
        shared, whole = np.flatnonzero(place >= 0), np.flatnonzero((place < 0) & (label >= 0))
        group, share = (k[place[shared]] for k in self._shared)
        score[shared[:, None], group] -= h[shared, None] * share
        score[whole, label[whole]] -= h[whole]
        score /= (1 - h[:, None]).astype(np.float32)
        return np.asarray(score, np.float32)

    def _around(self, rows: Labels) -> Cells:
        """(n, g) log ratio of a person's frequency near these tracks in time to that in the whole film."""
        near = self.near[rows]
        line, step = np.nonzero((near >= 0) & (self.label[near] >= 0))
        track = near[line, step]
        cell, place = np.unique(line * self.groups + self.label[track], return_inverse=True)
        total = np.bincount(line, self.counts[track], minlength=len(rows)) + 2
        line, group = np.divmod(cell, self.groups)
        count = np.bincount(place, self.counts[track], minlength=len(cell))
        value = np.log((count / self.share[group] + 2) / total[line])
        return Cells(np.log(2 / total), line, group, value, self.groups)

    def _clothes(self, rows: Labels) -> Table:
        """(n, g) mean log odds of a track's clothes with those of a sample of each group; (1, 1) for none."""
        if not self.base.cue.speaks or not len(rows):
            return np.zeros((1, 1))
        label = np.where(self.counts > 0.5, self.label, NOISE)
        most = int(np.clip(PAIRS // (len(rows) * self.groups), 1, OF_EACH))
        tracks, group = clothed(self.base, label, self.groups, most)
        member = np.zeros((len(tracks), self.groups), np.float32)
        member[np.arange(len(tracks)), group] = 1
        size = np.tile(member.sum(axis=0), (len(rows), 1)) - (rows[:, None] == tracks) @ member
        return np.asarray(cue_odds(self.base.cue, rows, tracks) @ member / np.maximum(size, 1), np.float64)

    def _met(self, rows: Labels) -> Cells:
        """(n, g) 1 if a track has a co-occurrence with a track of the group, else 0."""
        edge, other = self.apart
        size = edge[rows + 1] - edge[rows]
        line = np.repeat(np.arange(len(rows)), size)
        step = np.arange(len(line)) - np.repeat(np.cumsum(size) - size, size)
        track = other[edge[rows][line] + step]
        live = self.label[track] >= 0
        cell, place = np.unique(line[live] * self.groups + self.label[track[live]], return_inverse=True)
        count = np.bincount(place, self.counts[track[live]], minlength=len(cell))
        return Cells(np.zeros(len(rows)), *np.divmod(cell, self.groups), np.minimum(count, 1.0), self.groups)

    # Weights of the evidence

    def _weigh(self) -> None:
        """Fit the weights of the kinds of evidence to the current labels, some of which are wrong."""
        good = (self.label >= 0) & self.known & (self.counts > 0.5)
        good[good] = self._size[self.label[good]] > 1
        rows = np.flatnonzero(good)
        if len(rows) < 10:
            return
        rows = np.random.default_rng(0).permutation(rows)[: min(SAMPLE, self._most())]
        group, part = self._parts(rows)
        own_group = group == self.label[rows][:, None]
        considered = own_group.any(axis=1)
        self._worth, self._weighed = (
            fitted_weights(part[considered], own_group[considered].argmax(axis=1)),
            float(self.labelled.sum()),
        )

    def _leaning(self, rows: Labels, group: Labels) -> Table:
        """(n, c) bias of each group, plus the log odds of staying in the machine's cluster."""
        stays = group == self.home[rows][:, None]
        return np.asarray(self.bias[group] + np.where(stays, self.stay[group], 0.0))

    def _doubt(self) -> None:
        """Fit the biases of the groups to the labelled tracks: which groups gain and which lose tracks."""
        taught = self.labelled & (self.label >= 0) & self.known
        taught[taught] = self._size[self.label[taught]] > 1
        rows = np.flatnonzero(taught)
        rows = rows[:: 1 + len(rows) // min(SAMPLE, self._most())]
        if not len(rows):
            return
        group, part = self._parts(rows)
        own_group = group == self.label[rows][:, None]
        considered = own_group.any(axis=1)
        group, odds, own_group = group[considered], part[considered] @ self.worth, own_group[considered]
        stays = group == self.home[rows[considered]][:, None]
        temper, self.bias, self.stay = answered(group, odds, own_group, stays, self.groups)
        self.worth = self.worth * temper

    def _calibrate(self) -> None:
        """Fit the neutral scores and the intercept for a new person to the current groups."""
        fine = (self.label >= 0) & self.known
        fine[fine] = self._size[self.label[fine]] > 1
        rows = np.flatnonzero(fine)
        rows = rows[:: 1 + len(rows) // min(SAMPLE, self._most())]
        score = self._faces(rows), self._nearest.cosines(rows)
        own_group = np.arange(len(rows)), self.label[rows]
        current = np.stack([k[own_group] for k in score], axis=1)
        for k in score:
            k[own_group] = -np.inf
        other = np.stack([k.max(axis=1, initial=-np.inf) for k in score], axis=1)
        self.neutral = neutral(current.astype(np.float64), other.astype(np.float64)) if len(rows) else NEUTRAL
        count = np.bincount(self.machine[self.machine >= 0], minlength=1)
        asked = self.asked & (self.label >= 0) & self.known & (self.machine >= 0)
        asked[asked] = count[self.machine[asked]] == 1
        rows = np.flatnonzero(asked)[:SAMPLE]
        joined = self._size[self.label[rows]] > 1
        excluded = np.stack([rows, self.label[rows]], axis=1)[~joined]
        self.intercept = intercept(
            self._against_new_person(rows, excluded)[1].max(axis=1, initial=-20), joined
        )


def _share_in_fit(x: NDArray[np.float32], solution: NDArray[np.float32]) -> Table:
    """(n,) the leverage of each track in the least-squares fit, if its weight is 1."""
    return np.asarray(np.minimum(((x @ solution) * x).sum(axis=1), 0.9), np.float64)


def _homes(machine: Labels, label: Labels, groups: int) -> Labels:
    """(t,) the group that has most tracks of each track's machine cluster; NOISE for none."""
    live = (machine >= 0) & (label >= 0)
    count = int(machine.max(initial=-1)) + 1
    cell, size = np.unique(machine[live] * groups + label[live], return_counts=True)
    home = np.full(count + 1, NOISE)
    order = np.argsort(size, kind="stable")
    home[cell[order] // groups] = cell[order] % groups  # the last one written is the largest
    return np.asarray(home[np.where(machine >= 0, machine, count)], np.int64)


def _listed(rows: Labels, group: Labels, pairs: NDArray[np.int64], groups: int) -> NDArray[np.bool_]:
    """(n, c) whether each pair of a track and a group is in `pairs`."""
    cells = rows[:, None] * groups + group
    return np.isin(cells, pairs[:, 0] * groups + pairs[:, 1])


def _neighbours(base: Base, t: int) -> Labels:
    """(t, 2 * AROUND) tracks before and after each track by the middle of its time; NOISE beyond the ends."""
    order = np.argsort(base.tracks.first + base.tracks.last, kind="stable")
    place = np.empty(t, np.int64)
    place[order] = np.arange(t)
    step = np.concatenate([np.arange(-AROUND, 0), np.arange(1, AROUND + 1)])
    neighbour = place[:, None] + step
    inside = (neighbour >= 0) & (neighbour < t)
    return (
        np.where(inside, order[np.clip(neighbour, 0, max(0, t - 1))], NOISE)
        if t
        else np.zeros((0, 16), np.int64)
    )


def _pairs_by_track(pairs: NDArray[np.int64], t: int) -> tuple[Labels, Labels]:
    """(t + 1,) edges, and between them the partners of each track."""
    directed = np.concatenate([pairs, pairs[:, ::-1]])
    directed = directed[np.argsort(directed[:, 0], kind="stable")]
    return np.searchsorted(directed[:, 0], np.arange(t + 1)).astype(np.int64), directed[:, 1]
